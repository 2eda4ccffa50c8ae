/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pieces of sentences for people. */
#pragma once

#include <stdint.h>

/* text as one word of a command that a hint names, for a shell to read: as it is when nothing in it
 * is special there, else in quotes. The caller frees. */
char *mvm_word_quote(const char *text);

/* text without what a terminal obeys: control characters other than a newline or a tab, and bytes
 * that are no UTF-8, stand there as "\\x1b". For what others wrote. The caller frees. */
char *mvm_word_printable(const char *text);

/* "1 second", "2 seconds" for unit "second". The caller frees. */
char *mvm_word_count(int count, const char *unit);

/* How long something lasts, for people: "12 s", "3 min", "2:05 h", "3 days". Not negative. The
 * caller frees. */
char *mvm_word_duration(int64_t seconds);
