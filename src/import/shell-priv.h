/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One word of shell text. */
#pragma once

#include "import/shell.h"

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

/* Length of the name of a variable at text, 0 when there is none. */
size_t mvm_shell_name_length(const char *text);

/* Reads the word at reader->at, quotes removed and variables put in, up to what ends it. NULL when
 * it is opaque. The caller frees. */
char *mvm_shell_read_word(MvmShellReader *reader);
