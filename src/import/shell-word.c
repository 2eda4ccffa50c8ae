/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/shell-priv.h"

#include "util/secret.h"

#include <string.h>

/* What stands for a space of an unquoted variable till the word is whole. */
#define SPLIT '\x1f'
/* Of defaults in defaults. */
#define MAX_DEPTH 16

typedef struct {
    MvmShellReader *reader;
    GString *text;
    unsigned depth;
    bool opaque;
    bool splits; /* here: what is put in is split at its spaces */
    bool quoted; /* it had quotes: an empty one is a word, too */
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

static void
append_value(Word *word, const char *value)
{
    size_t before = word->text->len;

    append(word, value, strlen(value));
    for (size_t i = before; word->splits && i < word->text->len; i++) {
        if (strchr(" \t\n", word->text->str[i]) != NULL)
            word->text->str[i] = SPLIT;
    }
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
        append_value(word, value);
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

static void read_dollar(Word *word);
static void read_backticks(Word *word);
static void read_backslash(Word *word, bool quoted);

/* Puts in the script's directory or a program's name where text, which only a shell could tell
 * otherwise, asks for just that. */
static void
expand_command(Word *word, const char *text)
{
    g_autofree char *program = NULL;

    if (mvm_shell_means_dir(text))
        expand(word, "PWD", strlen("PWD"));
    else if ((program = mvm_shell_means_program(text)) != NULL)
        append_value(word, program);
    else
        word->opaque = true;
}

/* Puts in text, which stands within braces, with its own variables. */
static void
expand_text(Word *word, const char *text)
{
    MvmShellReader *outer = word->reader;
    MvmShellReader inner = {.shell = outer->shell, .at = text, .end = text + strlen(text)};

    if (++word->depth > MAX_DEPTH) {
        word->opaque = true;
        return;
    }
    word->reader = &inner;
    while (inner.at < inner.end && !inner.too_long) {
        if (*inner.at == '$')
            read_dollar(word);
        else if (*inner.at == '`')
            read_backticks(word);
        else if (*inner.at == '\\')
            read_backslash(word, true);
        else if (*inner.at == '"' || *inner.at == '\'')
            inner.at++;
        else
            append(word, inner.at++, 1);
    }
    outer->too_long = outer->too_long || inner.too_long;
    word->reader = outer;
    word->depth--;
}

/* "NAME:-text": a parameter of the script's is not given, and a variable is what the script set it
 * to. */
static void
expand_parameter(Word *word, const char *text)
{
    size_t len = mvm_shell_name_length(text);
    size_t digits = strspn(text, "0123456789");
    g_autofree char *name = g_strndup(text, len > 0 ? len : digits);
    GHashTable *values = word->reader->shell->values;
    const char *value = g_hash_table_lookup(values, name), *operator= text + strlen(name);
    bool colon = *operator== ':';
    bool known = value != NULL || !g_hash_table_contains(values, name);
    bool given = value != NULL && (!colon || *value != '\0');

    operator+= colon;
    if (mvm_shell_means_dir(text))
        expand(word, "PWD", strlen("PWD"));
    else if (*name == '\0' || !known || *operator== '\0' || strchr("-=?+", *operator) == NULL ||
             (*operator== '?' && !given))
        word->opaque = true;
    else if (*operator== '+' ? given : !given)
        expand_text(word, operator+ 1);
    else if (*operator!= '+')
        append_value(word, value);
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
        expand_parameter(word, parameter);
    } else if (len > 0) {
        expand(word, next, len);
        reader->at = next + len;
    } else if (*next != '\0' && strchr("0123456789@*#?$!-", *next) != NULL) {
        word->opaque = true;
        reader->at = next + 1;
    } else {
        word->opaque = word->opaque || mvm_shell_ends_word(*next) || *next == '"';
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
    word->quoted = true;
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
    bool splits = word->splits;

    word->splits = false;
    word->quoted = true;
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
    word->splits = splits;
}

static void
read_word(Word *word)
{
    MvmShellReader *reader = word->reader;

    if (*reader->at == '~' && (reader->at[1] == '/' || mvm_shell_ends_word(reader->at[1]))) {
        expand(word, "HOME", strlen("HOME"));
        reader->at++;
    }
    while (reader->at < reader->end && !mvm_shell_ends_word(*reader->at)) {
        if (*reader->at == '$')
            read_dollar(word);
        else if (*reader->at == '`')
            read_backticks(word);
        else if (*reader->at == '\\')
            read_backslash(word, false);
        else if (*reader->at == '"')
            read_double_quotes(word);
        else if (*reader->at == '\'')
            read_single_quotes(word);
        else
            append(word, reader->at++, 1);
    }
}

char *
mvm_shell_read_value(MvmShellReader *reader)
{
    Word word = {.reader = reader, .text = g_string_new(NULL)};

    read_word(&word);
    return g_string_free(word.text, word.opaque);
}

void
mvm_shell_read_words(MvmShellReader *reader, bool splits, GPtrArray *words)
{
    const char *begin = reader->at;
    Word word = {.reader = reader, .text = g_string_new(NULL), .splits = splits};
    mvm_autosecret char *text = NULL;
    static const char separator[] = {SPLIT, '\0'};

    read_word(&word);
    text = g_string_free(word.text, FALSE);
    if (word.opaque) {
        g_ptr_array_add(words,
                        mvm_shell_word_new(g_strndup(begin, (gsize)(reader->at - begin)), true));
    } else if (!splits || strchr(text, SPLIT) == NULL) {
        if (*text != '\0' || word.quoted)
            g_ptr_array_add(words, mvm_shell_word_new(g_strdup(text), false));
    } else {
        g_auto(GStrv) parts = g_strsplit(text, separator, -1);

        for (char **part = parts; *part != NULL; part++) {
            if (**part != '\0')
                g_ptr_array_add(words, mvm_shell_word_new(g_strdup(*part), false));
        }
    }
}
