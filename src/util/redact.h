/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps secrets out of what is shown. */
#pragma once

/* text with the value of every "osk=" blotted out: QEMU repeats its arguments in its log and in
 * its error messages. The caller frees. */
char *mvm_redact(const char *text);
