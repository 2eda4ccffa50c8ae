/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starting `macvm clip` in the background. The program runs itself once more, so that no thread and
 * no connection is carried over a fork; the new process says by a pipe how its start went.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The descriptor by which a background process tells how its start went. */
#define MVM_CLIP_READY_FD 3

/* Runs this program with args (without the program's name) in a session of its own, output to the
 * file log, and waits until it is at work, has failed, or Ctrl-C ends it. *ret_note gets what it is
 * still trying (the caller frees), or NULL. Its failure is this one's: same code, text and hint. */
bool mvm_clip_daemon_start(const char *const *args, const char *log, char **ret_note,
                           GError **error);

/* In the background process: tells that it is at work; error (may be NULL) is the note. Closes fd,
 * the descriptor. fd -1 does nothing. */
void mvm_clip_daemon_tell_ready(int fd, const GError *error);

/* The same for a start that failed. */
void mvm_clip_daemon_tell_failed(int fd, const GError *error);
