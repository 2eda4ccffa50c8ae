/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/rootwork.h"

#include "util/command.h"
#include "util/error.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    char **argv; /* owned */
    char *input; /* owned, or NULL */
    int allowed; /* a status that is as good as 0 */
} Command;

struct MvmRootWork {
    GPtrArray *commands; /* of Command */
};

static void
command_free(void *data)
{
    Command *command = data;

    g_strfreev(command->argv);
    g_free(command->input);
    g_free(command);
}

MvmRootWork *
mvm_root_work_new(void)
{
    MvmRootWork *work = g_new0(MvmRootWork, 1);

    work->commands = g_ptr_array_new_with_free_func(command_free);
    return work;
}

void
mvm_root_work_free(MvmRootWork *work)
{
    if (work == NULL)
        return;
    g_ptr_array_unref(work->commands);
    g_free(work);
}

void
mvm_root_work_add(MvmRootWork *work, const char *const *argv, const char *input)
{
    Command *command = g_new0(Command, 1);

    command->argv = g_strdupv((char **)argv);
    command->input = g_strdup(input);
    g_ptr_array_add(work->commands, command);
}

void
mvm_root_work_allow(MvmRootWork *work, int status)
{
    Command *last = g_ptr_array_index(work->commands, work->commands->len - 1);

    last->allowed = status;
}

bool
mvm_root_work_is_empty(const MvmRootWork *work)
{
    return work->commands->len == 0;
}

const char *
mvm_root_work_helper(void)
{
    if (geteuid() == 0)
        return "";
    if (mvm_command_exists("sudo"))
        return "sudo";
    return mvm_command_exists("pkexec") ? "pkexec" : NULL;
}

char *
mvm_shell_word(const char *word)
{
    for (const char *p = word; *p != '\0'; p++) {
        if (!g_ascii_isalnum(*p) && strchr("-_./=:+", *p) == NULL)
            return g_shell_quote(word);
    }
    return *word != '\0' ? g_strdup(word) : g_shell_quote(word);
}

static void
add_input(GString *text, const char *input)
{
    g_auto(GStrv) lines = g_strsplit(input, "\n", -1);

    g_string_append(text, lines[0][0] != '\0' && lines[1] != NULL && lines[1][0] == '\0'
                              ? "echo"
                              : "printf '%s\\n'");
    for (char **line = lines; *line != NULL; line++) {
        g_autofree char *word = mvm_shell_word(*line);

        if (line[0][0] != '\0' || line[1] != NULL)
            g_string_append_printf(text, " %s", word);
    }
    g_string_append(text, " | ");
}

static void
add_line(GString *text, const Command *command, const char *helper)
{
    bool first = *helper == '\0';

    if (command->input != NULL)
        add_input(text, command->input);
    g_string_append(text, helper);
    for (char **word = command->argv; *word != NULL; word++) {
        g_autofree char *quoted = mvm_shell_word(*word);

        g_string_append_printf(text, "%s%s", first ? "" : " ", quoted);
        first = false;
    }
    g_string_append_c(text, '\n');
}

char *
mvm_root_work_to_text(const MvmRootWork *work, const char *helper)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < work->commands->len; i++)
        add_line(text, work->commands->pdata[i], helper);
    return g_string_free(text, FALSE);
}

static bool
run_one(const Command *command, const char *helper, GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    int status = 0;

    if (*helper != '\0')
        g_ptr_array_add(argv, (char *)helper);
    for (char **word = command->argv; *word != NULL; word++)
        g_ptr_array_add(argv, *word);
    g_ptr_array_add(argv, NULL);
    if (!mvm_command_run_fed((const char *const *)argv->pdata, command->input, &status, error))
        return false;
    if (status == 0 || status == command->allowed)
        return true;
    if (status == 128 + SIGINT) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_CANCELLED, "interrupted while running '%s' as root",
                    command->argv[0]);
        return false;
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot run '%s' as root: it ended with status %d", command->argv[0], status);
    mvm_error_set_hint(error, "look at its messages above, then run the same command again");
    return false;
}

bool
mvm_root_work_run(const MvmRootWork *work, const char *helper, GError **error)
{
    for (guint i = 0; i < work->commands->len; i++) {
        if (!run_one(work->commands->pdata[i], helper, error))
            return false;
    }
    return true;
}
