/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/launcher.h"

#include "util/error.h"

#include <string.h>

#define ENTRY "Desktop Entry"

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
    const char *const open[] = {program, "-c", uri, "up", "--view", name, NULL};
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
    set_exec(file, ENTRY, open);
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
        g_autofree char *group = g_strdup_printf("Desktop Action %s", actions[i][0]);
        const char *const argv[] = {program, "-c", uri, actions[i][1], name, NULL};

        set_exec(file, group, argv);
    }
    return g_key_file_to_data(file, NULL, NULL);
}
