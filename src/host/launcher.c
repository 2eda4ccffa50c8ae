/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/launcher.h"

#include "util/error.h"
#include "util/file.h"

#include <glib/gstdio.h>
#include <string.h>

#define ENTRY "Desktop Entry"

/* Whose entry it is; names of one's own begin with "X-". */
#define URI_KEY "X-Macvm-URI"
#define MACHINE_KEY "X-Macvm-Machine"

char *
mvm_launcher_path(const char *name)
{
    g_autofree char *file = g_strdup_printf("macvm-%s.desktop", name);

    return g_build_filename(g_get_user_data_dir(), "applications", file, NULL);
}

static void
add_word(GString *line, const char *word)
{
    bool quote = *word == '\0' || strpbrk(word, " \t\n\"'\\><~|&;$*?#()`") != NULL;

    if (line->len > 0)
        g_string_append_c(line, ' ');
    if (quote)
        g_string_append_c(line, '"');
    for (; *word != '\0'; word++) {
        if (strchr("\"`$\\", *word) != NULL)
            g_string_append_c(line, '\\');
        if (*word == '%')
            g_string_append_c(line, '%');
        g_string_append_c(line, *word);
    }
    if (quote)
        g_string_append_c(line, '"');
}

char *
mvm_launcher_exec(const char *const *argv)
{
    GString *line = g_string_new(NULL);

    for (; *argv != NULL; argv++)
        add_word(line, *argv);
    return g_string_free(line, FALSE);
}

static void
set_exec(GKeyFile *file, const char *group, const char *const *argv)
{
    g_autofree char *line = mvm_launcher_exec(argv);

    g_key_file_set_string(file, group, "Exec", line);
}

char *
mvm_launcher_render(const char *template, const char *program, const char *uri, const char *name,
                    GError **error)
{
    static const char *const actions[][2] = {{"Start", "up"}, {"Stop", "down"}, {"View", "view"}};
    const char *const open[] = {program, "-c", uri, "view", "--up", name, NULL};
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) cause = NULL;
    g_autofree char *comment = g_strdup_printf("macOS virtual machine on %s", uri);

    if (!g_key_file_load_from_data(file, template, strlen(template), G_KEY_FILE_KEEP_COMMENTS,
                                   &cause) ||
        !g_key_file_has_group(file, ENTRY)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot use the template '%s': %s",
                    "macvm.desktop", cause != NULL ? cause->message : "no group " ENTRY);
        return NULL;
    }
    g_key_file_remove_comment(file, NULL, NULL, NULL);
    g_key_file_set_string(file, ENTRY, "Name", name);
    g_key_file_set_string(file, ENTRY, "Comment", comment);
    g_key_file_set_string(file, ENTRY, URI_KEY, uri);
    g_key_file_set_string(file, ENTRY, MACHINE_KEY, name);
    set_exec(file, ENTRY, open);
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
        g_autofree char *group = g_strdup_printf("Desktop Action %s", actions[i][0]);
        const char *const argv[] = {program, "-c", uri, actions[i][1], name, NULL};

        set_exec(file, group, argv);
    }
    return g_key_file_to_data(file, NULL, NULL);
}

static bool
has(GKeyFile *file, const char *key, const char *wanted)
{
    g_autofree char *value = g_key_file_get_string(file, ENTRY, key, NULL);

    return g_strcmp0(value, wanted) == 0;
}

bool
mvm_launcher_is_of(const char *text, const char *uri, const char *name)
{
    g_autoptr(GKeyFile) file = g_key_file_new();

    return g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, NULL) &&
           has(file, URI_KEY, uri) && has(file, MACHINE_KEY, name);
}

bool
mvm_launcher_remove(const char *uri, const char *name)
{
    g_autofree char *path = mvm_launcher_path(name);
    g_autofree char *text = mvm_file_read(path, MVM_LAUNCHER_MAX, NULL, NULL);

    return text != NULL && mvm_launcher_is_of(text, uri, name) && g_unlink(path) == 0;
}
