/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shell text, read and never run: assignments of literal values, and the words of QEMU's command
 * line. A word that only a shell could tell (command substitution, a variable that the text does
 * not set, arithmetic) is opaque, but for the ways to say "where this script is". Conditions are
 * not weighed: what stands in the text counts, in the order in which it stands.
 * https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Bounds, in bytes and words: a few lines can say "$A$A" over and over. */
#define MVM_SHELL_MAX_WORD 4096
#define MVM_SHELL_MAX_WORDS 4096

typedef struct {
    GHashTable *values; /* of char *: name to value; owned */
    GPtrArray *words;   /* char *, NULL for an opaque one: those of all arrays, and those behind
                           the name of a QEMU program; owned */
} MvmShell;

/* dir is what $PWD stands for; $HOME, "~" and $USER are this user's. Fails with MVM_ERROR_FAILED on
 * a NUL byte, more than MVM_IMPORT_MAX_TEXT bytes, and beyond the bounds above. The caller frees.
 */
MvmShell *mvm_shell_read(const char *text, size_t len, const char *dir, const char *what,
                         GError **error);
void mvm_shell_free(MvmShell *shell);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmShell, mvm_shell_free)

/* The value of the variable called name, borrowed, or NULL. */
const char *mvm_shell_get(const MvmShell *shell, const char *name);
