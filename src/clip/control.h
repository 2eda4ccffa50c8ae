/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How `macvm clip status`, `stop`, `push` and `pull` speak to a running agent: a Unix socket of the
 * user's own, one line to it, an answer back, end.
 *
 * Words: "status", "stop", "push", "pull". Answers are lines "key value"; the first is "ok" or
 * "error MESSAGE", and then a line "code" may tell which of MvmErrorCode that is.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define MVM_CONTROL_WORD_MAX 64            /* bytes of a request */
#define MVM_CONTROL_ANSWER_MAX (64 * 1024) /* bytes of an answer */
#define MVM_CONTROL_CLIENTS_MAX 16         /* at once; others get no answer */

typedef struct MvmControl MvmControl;

/* One request, alive until it is answered or its control is freed. */
typedef struct MvmControlRequest MvmControlRequest;

typedef void (*MvmControlFunc)(MvmControlRequest *request, const char *word, void *data);

/* Listens at path, with mode 0600 in a folder of mode 0700. What a crashed agent left there is
 * removed: the caller holds the lock that says there is no other. */
MvmControl *mvm_control_new(const char *path, GMainContext *context, MvmControlFunc func,
                            void *data, GError **error);

/* Closes all and removes the socket. */
void mvm_control_free(MvmControl *control);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmControl, mvm_control_free)

/* Answers and ends request. */
void mvm_control_answer(MvmControlRequest *request, const char *text);

/* Asks the agent at path; waits for its answer at most timeout_ms. The caller frees. Fails with
 * MVM_ERROR_NOT_FOUND when no agent listens there (*ret_there tells, when not NULL), and with
 * MVM_ERROR_FAILED when it does not answer, and with its own message and code when it answers
 * "error". */
char *mvm_control_ask(const char *path, const char *word, unsigned timeout_ms, bool *ret_there,
                      GError **error);

/* The value of key in an answer; the caller frees. NULL when it is not there. */
char *mvm_control_get(const char *answer, const char *key);
