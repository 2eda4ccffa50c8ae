/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ctrl-C as something that waiting code can see: a flag and a descriptor to poll; and an end for
 * code that cannot look, because a library's call does not return (a daemon or a network that does
 * not answer).
 */
#pragma once

#include <stdbool.h>

/* From now on SIGINT, SIGTERM and SIGHUP only set the flag; a second one of them kills as usual.
 *
 * The process ends within a second of the first one, whatever the calling thread does then: a
 * thread of this file's own gives it 0.7 seconds to see the flag, and the same time again and again
 * for the clean-up after that, as long as the calling thread does not rest for so long in one call;
 * five seconds in all. Then it ends the child processes (mvm_children_terminate()) and calls
 * give_up, which has to end the process at once, without functions registered for the exit: the
 * main thread is still in its call. Call this from the main thread, once; later calls do nothing.
 */
void mvm_interrupt_catch(void (*give_up)(void));

/* True once such a signal has come. Who sees that is expected to clean up and to end. */
bool mvm_interrupted(void);

/* A descriptor that becomes readable (and stays so) at the first such signal; -1 before
 * mvm_interrupt_catch(). Never read from or close it. Look at mvm_interrupted() afterwards. */
int mvm_interrupt_fd(void);
