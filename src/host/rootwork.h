/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands that need root. They are shown before they are run, word for word, and each is run by
 * itself through sudo or pkexec: macvm as a whole never becomes root.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct MvmRootWork MvmRootWork;

MvmRootWork *mvm_root_work_new(void);
void mvm_root_work_free(MvmRootWork *work);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmRootWork, mvm_root_work_free)

/* Adds a command: its words, ended by NULL, and what it gets on stdin (NULL: nothing; otherwise
 * lines, each with its newline). All are copied. */
void mvm_root_work_add(MvmRootWork *work, const char *const *argv, const char *input);

/* The command that was added last may end with this status (1 to 125), too. */
void mvm_root_work_allow(MvmRootWork *work, int status);

bool mvm_root_work_is_empty(const MvmRootWork *work);

/* The program that makes a command root's: "" for root itself, "sudo", "pkexec", or NULL when
 * neither is there. Static. */
const char *mvm_root_work_helper(void);

/* The commands as they can be typed into a shell, a line each, with helper ("sudo"; "" for none)
 * before them. The caller frees. */
char *mvm_root_work_to_text(const MvmRootWork *work, const char *helper);

/* Runs them in order through helper, until one fails: then MVM_ERROR_FAILED names it, or
 * MVM_ERROR_CANCELLED when it was Ctrl-C that ended it. */
bool mvm_root_work_run(const MvmRootWork *work, const char *helper, GError **error);

/* word as a shell takes it: quoted where it has to be. The caller frees. */
char *mvm_shell_word(const char *word);
