/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shell text, read and never run: assignments of literal values, and the words of QEMU's command
 * lines. A word that only a shell could compute (command substitution, a variable that the text
 * does not set, arithmetic) is opaque, but for the ways to say "where this script is" and "where
 * this program is", and for a parameter's default. Conditions are not weighed: the first branch
 * counts. Of two values of a variable the first that is known stays where a condition decides, and
 * the other is remarked upon; what another branch adds to an array is an array of its own.
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
    char *text; /* of an opaque word: as it is written. A secret, as all values */
    bool opaque;
} MvmShellWord;

/* A QEMU command (name: of the program) or an array. */
typedef struct {
    char *name;
    unsigned line;    /* where it begins, from 1 on */
    GPtrArray *words; /* MvmShellWord; owned */
    bool used;        /* an array that a command has */
    bool other;       /* an array of another branch */
} MvmShellList;

typedef struct {
    GHashTable *values;  /* of char *: name to value, NULL for an opaque one; owned */
    GPtrArray *commands; /* MvmShellList; owned */
    GPtrArray *arrays;   /* MvmShellList; owned */
    GPtrArray *remarks;  /* char *: what a condition decides; owned */
    unsigned words;      /* how many there are in all */
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

/* A word of text, which is taken over. */
MvmShellWord *mvm_shell_word_new(char *text, bool opaque);
void mvm_shell_word_free(void *word);

/* The words between spaces, as people read them; the caller frees (a secret). */
char *mvm_shell_list_to_text(const MvmShellList *list);
