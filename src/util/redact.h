/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps secrets out of what is shown. */
#pragma once

/* How much of a value the text so far has left open; begin with zeros. */
typedef struct {
    unsigned left; /* characters that are its value's for sure */
    char open;     /* whether the value may go on after those */
    char comma;    /* whether a single comma ends it */
} MvmRedaction;

/* text with the value of every OSK blotted out: QEMU repeats its arguments in its log and in its
 * error messages. An OSK has 64 characters; that many are blotted out whatever they are, each of
 * them as QEMU (two commas), a shell, XML, JSON or C writes it, and then what is left up to the
 * next quote, comma or space. The caller frees. */
char *mvm_redact(const char *text);

/* The same for a text that comes in lines (each without its newline): a value may have one. */
char *mvm_redact_line(const char *line, MvmRedaction *redaction);
