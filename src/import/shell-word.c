/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/shell-priv.h"

#include <string.h>

typedef struct {
    MvmShellReader *reader;
    GString *text;
    bool opaque;
} Word;

bool
mvm_shell_ends_word(char c)
{
    return c == '\0' || strchr(" \t\r\n;&|()<>", c) != NULL;
}

size_t
mvm_shell_name_length(const char *text)
{
    size_t len = 0;

    if (!g_ascii_isalpha(*text) && *text != '_')
        return 0;
    while (g_ascii_isalnum(text[len]) || text[len] == '_')
        len++;
    return len;
}

static void
append(Word *word, const char *text, size_t len)
{
    if (word->text->len + len > MVM_SHELL_MAX_WORD)
        word->reader->too_long = true;
    else
        g_string_append_len(word->text, text, (gssize)len);
}

/* Puts in the variable whose name is len bytes at name. */
static void
expand(Word *word, const char *name, size_t len)
{
    g_autofree char *key = g_strndup(name, len);
    const char *value = mvm_shell_get(word->reader->shell, key);

    if (value == NULL)
        word->opaque = true;
    else
        append(word, value, strlen(value));
}

/* What is between the opening bracket at *at and the closing one, and skips behind that; quotes
 * within do not count. The caller frees. */
static char *
take_brackets(MvmShellReader *reader, char open, char close)
{
    const char *begin = reader->at + 1;
    unsigned depth = 0;

    for (; reader->at < reader->end; reader->at++) {
        if (*reader->at == open)
            depth++;
        else if (*reader->at == close && --depth == 0)
            return g_strndup(begin, (gsize)(reader->at++ - begin));
    }
    return g_strdup("");
}

/* Puts in the script's directory where text, which only a shell could tell otherwise, asks for just
 * that. */
static void
expand_command(Word *word, const char *text)
{
    if (mvm_shell_means_dir(text))
        expand(word, "PWD", strlen("PWD"));
    else
        word->opaque = true;
}

/* From a '$' on. */
static void
read_dollar(Word *word)
{
    MvmShellReader *reader = word->reader;
    const char *next = reader->at + 1;
    size_t len = mvm_shell_name_length(*next == '{' ? next + 1 : next);

    if (*next == '(') {
        g_autofree char *command = NULL;

        reader->at = next;
        command = take_brackets(reader, '(', ')');
        expand_command(word, command);
    } else if (*next == '{' && len > 0 && next[1 + len] == '}') {
        expand(word, next + 1, len);
        reader->at = next + len + 2;
    } else if (*next == '{') {
        g_autofree char *parameter = NULL;

        reader->at = next;
        parameter = take_brackets(reader, '{', '}');
        expand_command(word, parameter);
    } else if (len > 0) {
        expand(word, next, len);
        reader->at = next + len;
    } else {
        word->opaque = word->opaque || mvm_shell_ends_word(*next) || *next == '"';
        word->opaque = word->opaque || strchr("0123456789@*#?$!-", *next) != NULL;
        reader->at = next;
    }
}

static void
read_backticks(Word *word)
{
    MvmShellReader *reader = word->reader;
    const char *begin = reader->at + 1;
    const char *end = memchr(begin, '`', (size_t)(reader->end - begin));
    g_autofree char *command = NULL;

    if (end == NULL)
        end = reader->end;
    command = g_strndup(begin, (gsize)(end - begin));
    expand_command(word, command);
    reader->at = end < reader->end ? end + 1 : end;
}

static void
read_single_quotes(Word *word)
{
    MvmShellReader *reader = word->reader;
    const char *begin = reader->at + 1;
    const char *end = memchr(begin, '\'', (size_t)(reader->end - begin));

    if (end == NULL)
        end = reader->end;
    append(word, begin, (size_t)(end - begin));
    reader->at = end < reader->end ? end + 1 : end;
}

/* A backslash; within double quotes it stays before all but a few characters. */
static void
read_backslash(Word *word, bool quoted)
{
    MvmShellReader *reader = word->reader;
    char next = reader->at[1];

    if (next == '\0' || (quoted && strchr("$`\"\\\n", next) == NULL)) {
        append(word, reader->at++, 1);
        return;
    }
    if (next != '\n')
        append(word, reader->at + 1, 1);
    reader->at += 2;
}

static void
read_double_quotes(Word *word)
{
    MvmShellReader *reader = word->reader;

    reader->at++;
    while (reader->at < reader->end && *reader->at != '"') {
        if (*reader->at == '$')
            read_dollar(word);
        else if (*reader->at == '`')
            read_backticks(word);
        else if (*reader->at == '\\')
            read_backslash(word, true);
        else
            append(word, reader->at++, 1);
    }
    if (reader->at < reader->end)
        reader->at++;
}

char *
mvm_shell_read_word(MvmShellReader *reader)
{
    Word word = {.reader = reader, .text = g_string_new(NULL)};

    if (*reader->at == '~' && (reader->at[1] == '/' || mvm_shell_ends_word(reader->at[1]))) {
        expand(&word, "HOME", strlen("HOME"));
        reader->at++;
    }
    while (reader->at < reader->end && !mvm_shell_ends_word(*reader->at)) {
        if (*reader->at == '$')
            read_dollar(&word);
        else if (*reader->at == '`')
            read_backticks(&word);
        else if (*reader->at == '\\')
            read_backslash(&word, false);
        else if (*reader->at == '"')
            read_double_quotes(&word);
        else if (*reader->at == '\'')
            read_single_quotes(&word);
        else
            append(&word, reader->at++, 1);
    }
    return g_string_free(word.text, word.opaque);
}
