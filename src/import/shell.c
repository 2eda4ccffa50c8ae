/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/shell.h"

#include "import/shell-priv.h"
#include "import/source.h"
#include "util/error.h"
#include "util/secret.h"

#include <string.h>

/* --- what is read ----------------------------------------------------------------------------- */

MvmShellWord *
mvm_shell_word_new(char *text, bool opaque)
{
    MvmShellWord *word = g_new0(MvmShellWord, 1);

    *word = (MvmShellWord){text, opaque};
    return word;
}

void
mvm_shell_word_free(void *data)
{
    MvmShellWord *word = data;

    mvm_secret_free(word->text);
    g_free(word);
}

static void
list_free(void *data)
{
    MvmShellList *list = data;

    g_free(list->name);
    g_ptr_array_unref(list->words);
    g_free(list);
}

char *
mvm_shell_list_to_text(const MvmShellList *list)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < list->words->len; i++) {
        const MvmShellWord *word = list->words->pdata[i];

        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", word->text);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

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
    shell->commands = g_ptr_array_new_with_free_func(list_free);
    shell->arrays = g_ptr_array_new_with_free_func(list_free);
    shell->remarks = g_ptr_array_new_with_free_func(free_secret);
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
    g_ptr_array_unref(shell->commands);
    g_ptr_array_unref(shell->arrays);
    g_ptr_array_unref(shell->remarks);
    g_free(shell);
}

const char *
mvm_shell_get(const MvmShell *shell, const char *name)
{
    return g_hash_table_lookup(shell->values, name);
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool
is_beyond_bounds(const MvmShellParser *parser)
{
    const MvmShell *shell = parser->reader.shell;

    return parser->reader.too_long || shell->words > MVM_SHELL_MAX_WORDS ||
           shell->remarks->len > MVM_SHELL_MAX_WORDS ||
           shell->arrays->len + shell->commands->len > MVM_SHELL_MAX_WORDS ||
           g_hash_table_size(shell->values) > MVM_SHELL_MAX_WORDS;
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
    MvmShellParser parser = {.at_start = true, .line = 1};

    if (len > MVM_IMPORT_MAX_TEXT)
        return refuse(what, "longer than 1 MiB", error);
    if (memchr(text, '\0', len) != NULL)
        return refuse(what, "not a text: there is a NUL byte in it", error);
    copy = g_strndup(text, len);
    shell = shell_new(dir);
    parser.reader = (MvmShellReader){.shell = shell, .at = copy, .end = copy + len};
    parser.counted = copy;
    while (parser.reader.at < parser.reader.end && !is_beyond_bounds(&parser))
        mvm_shell_parse_one(&parser);
    g_free(parser.heredoc);
    if (is_beyond_bounds(&parser))
        return refuse(what, "more words, or longer ones, than any machine needs", error);
    return g_steal_pointer(&shell);
}
