/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pieces of sentences for people. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* text as one word of a command that a hint names, for a shell to read: as it is when nothing in it
 * is special there, else in quotes. The caller frees. */
char *mvm_word_quote(const char *text);

/* Whether a terminal would obey c, or let text look like another: control characters (a newline and
 * a tab as well), marks of direction, and what has no width, but for the joiners that words and
 * emoji are written with (Unicode Standard Annex 9; Technical Report 36, section 2.5). */
bool mvm_char_is_hidden(uint32_t c);

/* text as it can be shown: hidden characters other than a newline or a tab, and bytes that are no
 * UTF-8, stand there as "\\x1b", byte by byte. A line that ends in CR LF ends in LF. For what
 * others wrote; everything that src/cli prints goes through it. The caller frees. */
char *mvm_word_printable(const char *text);

/* The same as one line: newlines and tabs are shown as "\\x0a" and "\\x09". The caller frees. */
char *mvm_word_printable_line(const char *text);

/* "1 second", "2 seconds" for unit "second". The caller frees. */
char *mvm_word_count(int count, const char *unit);

/* How long something lasts, for people: "12 s", "3 min", "2:05 h", "3 days". Not negative. The
 * caller frees. */
char *mvm_word_duration(int64_t seconds);
