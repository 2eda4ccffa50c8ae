/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which words of a shell text are assignments, arrays and QEMU's. */
#include "import/shell-priv.h"
#include "util/secret.h"

#include <string.h>

static unsigned
line_of(MvmShellParser *parser)
{
    for (; parser->counted < parser->reader.at; parser->counted++)
        parser->line += *parser->counted == '\n';
    return parser->line;
}

/* Somebody else's condition, which nobody weighs here. */
static bool
is_conditional(const MvmShellParser *parser)
{
    return parser->depth > 0 || parser->follows_test;
}

/* "else", or a later case. */
static bool
is_other(const MvmShellParser *parser)
{
    return (parser->others & ((UINT64_C(2) << MIN(parser->depth, 62)) - 1)) != 0;
}

static void
set_other(MvmShellParser *parser, bool other)
{
    uint64_t bit = UINT64_C(1) << MIN(parser->depth, 62);

    parser->others = other ? parser->others | bit : parser->others & ~bit;
}

static MvmShellList *
list_begin(MvmShellParser *parser, GPtrArray *lists, const char *name)
{
    MvmShellList *list = g_new0(MvmShellList, 1);

    *list = (MvmShellList){.name = g_strdup(name),
                           .line = line_of(parser),
                           .words = g_ptr_array_new_with_free_func(mvm_shell_word_free)};
    g_ptr_array_add(lists, list);
    return list;
}

/* The last array of that name, or NULL. */
static MvmShellList *
find_array(const MvmShell *shell, const char *name)
{
    for (guint i = shell->arrays->len; i > 0; i--) {
        MvmShellList *array = shell->arrays->pdata[i - 1];

        if (!array->other && g_str_equal(array->name, name))
            return array;
    }
    return NULL;
}

/* --- between words ---------------------------------------------------------------------------- */

static void
end_command(MvmShellParser *parser)
{
    parser->at_start = true;
    parser->prints = false;
    parser->follows_test = false;
    parser->command = NULL;
}

static void
skip_line(MvmShellReader *reader)
{
    while (reader->at < reader->end && *reader->at != '\n')
        reader->at++;
}

/* The text of a here-document is nobody's command. */
static void
skip_heredoc(MvmShellParser *parser)
{
    MvmShellReader *reader = &parser->reader;
    g_autofree char *end = g_steal_pointer(&parser->heredoc);
    bool done = false;

    while (reader->at < reader->end && !done) {
        const char *begin = reader->at;
        g_autofree char *line = NULL;

        skip_line(reader);
        line = g_strstrip(g_strndup(begin, (gsize)(reader->at - begin)));
        done = g_str_equal(line, end);
        reader->at += reader->at < reader->end;
    }
}

/* "> FILE", "2>&1", "<<EOF": no words of the command. */
static void
skip_redirection(MvmShellParser *parser)
{
    MvmShellReader *reader = &parser->reader;
    bool heredoc = g_str_has_prefix(reader->at, "<<") && reader->at[2] != '<';
    mvm_autosecret char *word = NULL;

    while (reader->at < reader->end && strchr("<>&|-", *reader->at) != NULL)
        reader->at++;
    while (reader->at < reader->end && strchr(" \t", *reader->at) != NULL)
        reader->at++;
    word = mvm_shell_read_value(reader);
    if (heredoc && word != NULL && *word != '\0') {
        g_free(parser->heredoc);
        parser->heredoc = g_strdup(word);
    }
}

static void
read_separator(MvmShellParser *parser)
{
    MvmShellReader *reader = &parser->reader;
    char c = *reader->at;
    bool twice = (c == '&' || c == '|') && reader->at[1] == c;

    if (c == '<' || c == '>') {
        skip_redirection(parser);
        return;
    }
    reader->at += twice ? 2 : 1;
    if (c == ';' && *reader->at == ';')
        set_other(parser, true);
    if (c == '\n' && parser->heredoc != NULL)
        skip_heredoc(parser);
    if (c == ')')
        parser->array = NULL;
    if (strchr(" \t\r", c) != NULL || parser->array != NULL)
        return;
    end_command(parser);
    parser->follows_test = twice;
}

/* --- assignments ------------------------------------------------------------------------------ */

/* The length of "NAME=" or "NAME+=" at text, or 0. */
static size_t
assignment_length(const char *text)
{
    size_t len = mvm_shell_name_length(text);

    if (len > 0 && text[len] == '+')
        len++;
    return len > 0 && text[len] == '=' ? len + 1 : 0;
}

/* A list that is not taken stays in sight: it is one that no command has. */
static void
begin_array(MvmShellParser *parser, const char *name, bool appends)
{
    MvmShell *shell = parser->reader.shell;
    MvmShellList *had = find_array(shell, name);

    parser->reader.at++;
    parser->array =
        appends && had != NULL && !is_other(parser) ? had : list_begin(parser, shell->arrays, name);
    parser->array->other = had != NULL && is_other(parser);
}

static void
remark(MvmShellParser *parser, const char *name, const char *kept, const char *other)
{
    g_ptr_array_add(
        parser->reader.shell->remarks,
        g_strdup_printf("a condition decides on %s: '%s' is taken, not '%s'", name, kept, other));
}

/* value (taken over) is NULL for what only a shell could tell, which is written. */
static void
assign(MvmShellParser *parser, const char *name, char *value, const char *written)
{
    GHashTable *values = parser->reader.shell->values;
    const char *had = g_hash_table_lookup(values, name);

    if (had != NULL && *had != '\0' && is_conditional(parser)) {
        if (value == NULL || !g_str_equal(had, value))
            remark(parser, name, had, value != NULL ? value : written);
        mvm_secret_free(value);
        return;
    }
    g_hash_table_replace(values, g_strdup(name), value);
}

static void
read_assignment(MvmShellParser *parser, size_t len)
{
    MvmShellReader *reader = &parser->reader;
    size_t name_length = mvm_shell_name_length(reader->at);
    g_autofree char *name = g_strndup(reader->at, name_length), *written = NULL;
    bool appends = reader->at[name_length] == '+';
    const char *begin = NULL, *had = NULL;
    char *value = NULL;

    reader->at += len;
    if (*reader->at == '(') {
        begin_array(parser, name, appends);
        return;
    }
    begin = reader->at;
    value = mvm_shell_read_value(reader);
    written = g_strndup(begin, (gsize)(reader->at - begin));
    had = mvm_shell_get(reader->shell, name);
    if (!appends || (had == NULL && !g_hash_table_contains(reader->shell->values, name))) {
        assign(parser, name, value, written);
        return;
    }
    if (had != NULL && value != NULL && strlen(had) + strlen(value) <= MVM_SHELL_MAX_WORD) {
        g_hash_table_replace(reader->shell->values, g_strdup(name), g_strconcat(had, value, NULL));
        mvm_secret_free(value);
        return;
    }
    mvm_secret_free(value);
    g_hash_table_replace(reader->shell->values, g_strdup(name), NULL);
}

/* --- commands --------------------------------------------------------------------------------- */

static bool
is_qemu(const MvmShellWord *word)
{
    static const char *const programs[] = {"qemu-kvm", "kvm", NULL};
    const char *slash = strrchr(word->text, '/');
    const char *base = slash != NULL ? slash + 1 : word->text;
    g_autofree char *lower = NULL;

    if (!word->opaque)
        return g_str_has_prefix(base, "qemu-system-x86_64") ||
               g_str_has_prefix(base, "qemu-system-i386") || g_strv_contains(programs, base);
    /* "$QEMU", wherever that comes from. */
    lower = g_ascii_strdown(word->text, -1);
    return strspn(lower, "\"{") < strlen(lower) && lower[strspn(lower, "\"{")] == '$' &&
           strstr(lower, "qemu") != NULL && strchr(lower, '[') == NULL;
}

/* After these an assignment or a command can still follow. */
static bool
keeps_start(const char *word)
{
    static const char *const words[] = {"export", "local", "readonly", "declare", "then",  "else",
                                        "do",     "if",    "elif",     "while",   "until", "{",
                                        "exec",   "sudo",  "typeset",  "env",     "time",  "nice",
                                        "nohup",  "!",     "}",        NULL};

    return g_strv_contains(words, word) || *word == '-';
}

static void
count_depth(MvmShellParser *parser, const char *word)
{
    static const char *const opens[] = {"if", "case", "while", "until", "for", "select", "{", NULL};
    static const char *const closes[] = {"fi", "esac", "done", "}", NULL};

    if (g_strv_contains(opens, word)) {
        parser->depth++;
        set_other(parser, false);
    } else if (g_strv_contains(closes, word) && parser->depth > 0) {
        set_other(parser, false);
        parser->depth--;
    } else if (g_str_equal(word, "else") || g_str_equal(word, "elif")) {
        set_other(parser, true);
    }
}

/* "${NAME[@]}" or "${NAME[*]}", quoted or not: its words. False when that is not what is next. */
static bool
read_array_words(MvmShellParser *parser, GPtrArray *words)
{
    MvmShellReader *reader = &parser->reader;
    const char *at = reader->at + (*reader->at == '"');
    size_t len = g_str_has_prefix(at, "${") ? mvm_shell_name_length(at + 2) : 0;
    g_autofree char *name = g_strndup(at + 2, len);
    const char *behind = at + 2 + len;
    MvmShellList *array = len > 0 ? find_array(reader->shell, name) : NULL;

    if (array == NULL || (!g_str_has_prefix(behind, "[@]}") && !g_str_has_prefix(behind, "[*]}")))
        return false;
    behind += strlen("[@]}");
    if (*reader->at == '"' && *behind++ != '"')
        return false;
    if (!mvm_shell_ends_word(*behind))
        return false;
    array->used = true;
    reader->at = behind;
    for (guint i = 0; array->words != words && i < array->words->len; i++) {
        const MvmShellWord *word = array->words->pdata[i];

        if (reader->shell->words++ > MVM_SHELL_MAX_WORDS)
            break;
        g_ptr_array_add(words, mvm_shell_word_new(g_strdup(word->text), word->opaque));
    }
    return true;
}

/* The number of a descriptor before "<" or ">". */
static bool
skip_descriptor(MvmShellReader *reader)
{
    size_t len = strspn(reader->at, "0123456789");

    if (len == 0 || strchr("<>", reader->at[len]) == NULL || reader->at[len] == '\0')
        return false;
    reader->at += len;
    return true;
}

/* From the name of QEMU in words on, they are its command. */
static void
begin_command(MvmShellParser *parser, const GPtrArray *words)
{
    MvmShell *shell = parser->reader.shell;

    for (guint i = 0; i < words->len; i++) {
        const MvmShellWord *word = words->pdata[i];

        if (parser->command != NULL)
            g_ptr_array_add(parser->command->words,
                            mvm_shell_word_new(g_strdup(word->text), word->opaque));
        else if (is_qemu(word))
            parser->command = list_begin(parser, shell->commands, word->text);
    }
    shell->words += words->len;
}

/* A word that is not QEMU's; it may be the name of QEMU. */
static void
read_other(MvmShellParser *parser)
{
    static const char *const printers[] = {"echo",  "printf", "which",   "type",
                                           "pgrep", "pkill",  "killall", NULL};
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(mvm_shell_word_free);
    const MvmShellWord *word = NULL;

    if (!read_array_words(parser, words))
        mvm_shell_read_words(&parser->reader, true, words);
    if (words->len == 0)
        return;
    word = words->pdata[0];
    if (parser->at_start && !word->opaque) {
        count_depth(parser, word->text);
        parser->prints = g_strv_contains(printers, word->text);
    }
    if (!parser->prints)
        begin_command(parser, words);
    parser->at_start = parser->at_start && !word->opaque && keeps_start(word->text);
}

static void
read_word(MvmShellParser *parser)
{
    MvmShellReader *reader = &parser->reader;
    MvmShellList *list = parser->array != NULL ? parser->array : parser->command;
    size_t len = parser->at_start && list == NULL ? assignment_length(reader->at) : 0;
    guint before = 0;

    if (len > 0) {
        read_assignment(parser, len);
    } else if (list == NULL) {
        read_other(parser);
    } else if (!skip_descriptor(reader) && !read_array_words(parser, list->words)) {
        before = list->words->len;
        mvm_shell_read_words(reader, true, list->words);
        reader->shell->words += list->words->len - before;
    }
}

void
mvm_shell_parse_one(MvmShellParser *parser)
{
    MvmShellReader *reader = &parser->reader;

    if (*reader->at == '#')
        skip_line(reader);
    else if (reader->at[0] == '\\' && reader->at[1] == '\n')
        reader->at += 2;
    else if (mvm_shell_ends_word(*reader->at))
        read_separator(parser);
    else
        read_word(parser);
}
