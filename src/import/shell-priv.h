/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One word of shell text. */
#pragma once

#include "import/shell.h"

#include <stdint.h>

typedef struct {
    MvmShell *shell;
    const char *at;  /* what comes next */
    const char *end; /* of the text, where a NUL is */
    bool too_long;   /* a word is beyond MVM_SHELL_MAX_WORD: all else counts no more */
} MvmShellReader;

/* Whether c ends a word that is not quoted. */
bool mvm_shell_ends_word(char c);

/* Whether text, from within "$(...)", "${...}" or backticks, means the directory of the script, in
 * one of the ways in which people write that. */
bool mvm_shell_means_dir(const char *text);

/* The program that text, from within "$(...)" or backticks, asks the place of: "which NAME",
 * "command -v NAME". NULL for anything else. The caller frees. */
char *mvm_shell_means_program(const char *text);

/* Length of the name of a variable at text, 0 when there is none. */
size_t mvm_shell_name_length(const char *text);

/* Reads the word at reader->at, quotes removed and variables put in, up to what ends it, and adds
 * it to words: none or several where an unquoted variable has spaces and splits is set. */
void mvm_shell_read_words(MvmShellReader *reader, bool splits, GPtrArray *words);

/* The same as one value: NULL when it is opaque. The caller frees (a secret). */
char *mvm_shell_read_value(MvmShellReader *reader);

/* Where a text is being read. */
typedef struct {
    MvmShellReader reader;
    const char *counted; /* up to where line counts */
    unsigned line;
    unsigned depth;        /* of conditions and braces that are open */
    uint64_t others;       /* a bit for each depth: it is not the first branch there */
    bool at_start;         /* of a command: an assignment may follow */
    bool follows_test;     /* behind "&&" or "||" */
    bool prints;           /* the command only prints its words */
    MvmShellList *array;   /* that is being read, or NULL */
    MvmShellList *command; /* the QEMU command that is being read, or NULL */
    char *heredoc;         /* what ends the text that follows this line; owned, or NULL */
} MvmShellParser;

/* Reads on: a word, a comment, an assignment, or what is between them. */
void mvm_shell_parse_one(MvmShellParser *parser);
