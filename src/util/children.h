/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Child processes that libraries start (libvirt its ssh, for example), so that nobody here has
 * their numbers. As /proc/PID/task/TID/children has them (proc(5)): a kernel without it shows none.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Sends SIGTERM to the children that thread tid of this process started, 0: any thread. Children
 * with a session of their own (viewers, agents) are meant to stay, and do. */
void mvm_children_terminate(pid_t tid);

/* True when one of them, or a descendant, may be asking the user something: it has /dev/tty open,
 * as ssh has while it asks for a password or about a host key, or is one of the askpass programs.
 */
bool mvm_children_ask(pid_t tid);
