/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Child processes that are read from: what they write is bounded while it is read, every wait has
 * an end, and Ctrl-C is one. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Waits until fd has one of events (poll(2)), its end included. False at the deadline (monotonic
 * microseconds; G_MAXINT64: none) and on Ctrl-C. */
bool mvm_child_wait_fd(int fd, short events, gint64 deadline);

typedef enum {
    MVM_CHILD_WHOLE,    /* both pipes were read to their end */
    MVM_CHILD_TOO_MUCH, /* there is more than max */
    MVM_CHILD_LATE,     /* the deadline, or Ctrl-C, came first */
} MvmChildRead;

/* Reads a child's stdout and stderr to their end: at most max bytes of each, and of err only the
 * last lines are kept, in said. */
MvmChildRead mvm_child_read(int out, int err, size_t max, GString *text, GString *said,
                            gint64 deadline);

/* Waits for the end of pid until the deadline, then ends it. Returns its wait status. */
int mvm_child_reap(GPid pid, gint64 deadline);

/* Ends pid: SIGTERM and, when it does not obey within a second, SIGKILL. Returns its wait status.
 */
int mvm_child_end(GPid pid);
