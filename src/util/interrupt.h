/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ctrl-C as something that waiting code can see: a flag and a descriptor to poll. */
#pragma once

#include <stdbool.h>

/* From now on SIGINT, SIGTERM and SIGHUP only set the flag; a second one of them kills as usual.
 * When the process is still there some seconds after the first (a call into a daemon that hangs
 * cannot be ended), impatient, a static text, is written to stderr; NULL writes nothing. */
void mvm_interrupt_catch(const char *impatient);

/* True once such a signal has come. */
bool mvm_interrupted(void);

/* A descriptor that becomes readable (and stays so) at the first such signal; -1 before
 * mvm_interrupt_catch(). Never read from or close it. */
int mvm_interrupt_fd(void);
