/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/qemu-args.h"
#include "import/shell.h"
#include "import/source.h"
#include "util/error.h"
#include "util/secret.h"

#include <string.h>

/* ultimate-macOS-KVM writes the version into its script. */
static void
take_version(MvmImportSource *source, const MvmShell *shell)
{
    const char *os = mvm_shell_get(shell, "OS_ID");

    if (os != NULL)
        mvm_import_set(source, MVM_OPTION_OS, os, "macOS version");
}

static MvmImportSource *
read_words(const GPtrArray *words)
{
    MvmImportSource *source = mvm_import_source_new();

    mvm_import_qemu_args(source, words);
    return source;
}

static bool
has_options(const MvmShellList *list)
{
    for (guint i = 0; i < list->words->len; i++) {
        const MvmShellWord *word = list->words->pdata[i];

        if (word->opaque || *word->text == '-')
            return true;
    }
    return false;
}

/* Where it is not known which command has the arrays: the words of all of them. */
static GPtrArray *
join_arrays(const MvmShell *shell)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(mvm_shell_word_free);

    for (guint i = 0; i < shell->arrays->len; i++) {
        MvmShellList *array = shell->arrays->pdata[i];

        for (guint k = 0; k < array->words->len; k++) {
            const MvmShellWord *word = array->words->pdata[k];

            g_ptr_array_add(words, mvm_shell_word_new(g_strdup(word->text), word->opaque));
        }
        array->used = true;
    }
    return words;
}

/* The first command with a disk that can be taken; ret_other is the first without, for what is to
 * be reported. */
static MvmImportSource *
choose(const MvmShell *shell, const MvmShellList **ret_list, MvmImportSource **ret_other)
{
    g_autoptr(MvmImportSource) source = NULL;
    g_autoptr(GPtrArray) words = NULL;

    for (guint i = 0; i < shell->commands->len; i++) {
        *ret_list = shell->commands->pdata[i];
        source = read_words((*ret_list)->words);
        if (source->image[MVM_IMPORT_SYSTEM] != NULL)
            return g_steal_pointer(&source);
        if (*ret_other == NULL && source->refused != NULL)
            *ret_other = g_steal_pointer(&source);
        g_clear_pointer(&source, mvm_import_source_free);
    }
    *ret_list = NULL;
    words = join_arrays(shell);
    source = read_words(words);
    return source->image[MVM_IMPORT_SYSTEM] != NULL ? g_steal_pointer(&source) : NULL;
}

static void
leave_lists(MvmImportSource *source, const GPtrArray *lists, const MvmShellList *taken,
            const char *what)
{
    for (guint i = 0; i < lists->len; i++) {
        const MvmShellList *list = lists->pdata[i];
        mvm_autosecret char *text = NULL;

        if (list == taken || list->used || !has_options(list))
            continue;
        text = mvm_shell_list_to_text(list);
        mvm_import_leave(source, "%s %s, on line %u: %s", what, list->name, list->line, text);
    }
}

static MvmImportSource *
refuse(const char *what, const MvmImportSource *other, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot import '%s': %s", what,
                other != NULL ? other->refused : "no QEMU command with a disk in it");
    if (other != NULL)
        mvm_error_set_hint(error, "'qemu-img convert -O qcow2' makes an image of a disk; name that "
                                  "in a copy of the script");
    else
        mvm_error_set_hint(error, "give the script that starts the machine, quickemu's .conf or a "
                                  "libvirt domain's XML");
    return NULL;
}

MvmImportSource *
mvm_import_read_script(const char *text, size_t len, const char *dir, const char *what,
                       GError **error)
{
    g_autoptr(MvmShell) shell = mvm_shell_read(text, len, dir, what, error);
    g_autoptr(MvmImportSource) source = NULL, other = NULL;
    const MvmShellList *taken = NULL;

    if (shell == NULL)
        return NULL;
    source = choose(shell, &taken, &other);
    if (source == NULL)
        return refuse(what, other, error);
    leave_lists(source, shell->commands, taken, "another command,");
    leave_lists(source, shell->arrays, NULL, "a list that the command does not have,");
    for (guint i = 0; i < shell->remarks->len; i++)
        mvm_import_leave(source, "%s", (const char *)shell->remarks->pdata[i]);
    take_version(source, shell);
    return g_steal_pointer(&source);
}
