/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/shell.h"

#include "import/shell-priv.h"
#include "import/source.h"
#include "util/error.h"
#include "util/secret.h"

#include <string.h>

typedef struct {
    MvmShellReader reader;
    bool at_start; /* of a command: an assignment may follow */
    bool in_array;
    bool in_qemu; /* behind the name of a QEMU program */
} Parser;

static void
free_secret(void *text)
{
    mvm_secret_free(text);
}

static MvmShell *
shell_new(const char *dir)
{
    MvmShell *shell = g_new0(MvmShell, 1);

    shell->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_secret);
    shell->words = g_ptr_array_new_with_free_func(free_secret);
    g_hash_table_insert(shell->values, g_strdup("PWD"), g_strdup(dir));
    g_hash_table_insert(shell->values, g_strdup("HOME"), g_strdup(g_get_home_dir()));
    g_hash_table_insert(shell->values, g_strdup("USER"), g_strdup(g_get_user_name()));
    return shell;
}

void
mvm_shell_free(MvmShell *shell)
{
    if (shell == NULL)
        return;
    g_hash_table_unref(shell->values);
    g_ptr_array_unref(shell->words);
    g_free(shell);
}

const char *
mvm_shell_get(const MvmShell *shell, const char *name)
{
    return g_hash_table_lookup(shell->values, name);
}

static void
skip_comment(MvmShellReader *reader)
{
    while (reader->at < reader->end && *reader->at != '\n')
        reader->at++;
}

/* Takes one character that separates words. */
static void
read_separator(Parser *parser)
{
    char c = *parser->reader.at++;

    if (c == ')')
        parser->in_array = false;
    if (strchr(" \t\r", c) != NULL || parser->in_array)
        return;
    parser->at_start = true;
    parser->in_qemu = false;
}

/* The length of "NAME=" or "NAME+=" at text, or 0. */
static size_t
assignment_length(const char *text)
{
    size_t len = mvm_shell_name_length(text);

    if (len > 0 && text[len] == '+')
        len++;
    return len > 0 && text[len] == '=' ? len + 1 : 0;
}

static void
read_assignment(Parser *parser, size_t len)
{
    MvmShellReader *reader = &parser->reader;
    size_t name_length = mvm_shell_name_length(reader->at);
    g_autofree char *name = g_strndup(reader->at, name_length);
    bool appends = reader->at[name_length] == '+';
    char *value = NULL;

    reader->at += len;
    if (*reader->at == '(') {
        reader->at++;
        parser->in_array = true;
        return;
    }
    value = mvm_shell_read_word(reader);
    if (value != NULL && !appends) {
        g_hash_table_insert(reader->shell->values, g_steal_pointer(&name), value);
        return;
    }
    mvm_secret_free(value);
    g_hash_table_remove(reader->shell->values, name);
}

static bool
is_qemu(const char *word)
{
    const char *base = strrchr(word, '/');

    return g_str_has_prefix(base != NULL ? base + 1 : word, "qemu-system-");
}

/* After these an assignment can still follow. */
static bool
keeps_start(const char *word)
{
    static const char *const words[] = {"export", "local",   "readonly", "declare", "then",
                                        "else",   "do",      "if",       "{",       "exec",
                                        "sudo",   "typeset", NULL};

    return g_strv_contains(words, word) || *word == '-';
}

static void
read_word(Parser *parser)
{
    size_t len = parser->at_start && !parser->in_array ? assignment_length(parser->reader.at) : 0;
    char *word = NULL;

    if (len > 0) {
        read_assignment(parser, len);
        return;
    }
    word = mvm_shell_read_word(&parser->reader);
    if (parser->in_array || parser->in_qemu) {
        g_ptr_array_add(parser->reader.shell->words, word);
        return;
    }
    parser->in_qemu = word != NULL && is_qemu(word);
    parser->at_start = parser->at_start && word != NULL && keeps_start(word);
    mvm_secret_free(word);
}

static bool
is_beyond_bounds(const Parser *parser)
{
    return parser->reader.too_long || parser->reader.shell->words->len > MVM_SHELL_MAX_WORDS ||
           g_hash_table_size(parser->reader.shell->values) > MVM_SHELL_MAX_WORDS;
}

static void
read_all(Parser *parser)
{
    MvmShellReader *reader = &parser->reader;

    while (reader->at < reader->end && !is_beyond_bounds(parser)) {
        if (*reader->at == '#')
            skip_comment(reader);
        else if (reader->at[0] == '\\' && reader->at[1] == '\n')
            reader->at += 2;
        else if (mvm_shell_ends_word(*reader->at))
            read_separator(parser);
        else
            read_word(parser);
    }
}

static MvmShell *
refuse(const char *what, const char *cause, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot read '%s': %s", what, cause);
    return NULL;
}

MvmShell *
mvm_shell_read(const char *text, size_t len, const char *dir, const char *what, GError **error)
{
    mvm_autosecret char *copy = NULL;
    g_autoptr(MvmShell) shell = NULL;
    Parser parser = {.at_start = true};

    if (len > MVM_IMPORT_MAX_TEXT)
        return refuse(what, "longer than 1 MiB", error);
    if (memchr(text, '\0', len) != NULL)
        return refuse(what, "not a text: there is a NUL byte in it", error);
    copy = g_strndup(text, len);
    shell = shell_new(dir);
    parser.reader = (MvmShellReader){.shell = shell, .at = copy, .end = copy + len};
    read_all(&parser);
    if (is_beyond_bounds(&parser))
        return refuse(what, "more words, or longer ones, than any machine needs", error);
    return g_steal_pointer(&shell);
}
