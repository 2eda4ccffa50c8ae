/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/cli.h"
#include "util/error.h"

#include <string.h>

static bool
wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    }
    return false;
}

static bool
done(GError **error)
{
    g_set_error_literal(error, MVM_ERROR, MVM_ERROR_DONE, "done");
    return false;
}

static bool
usage(const MvmCommand *command, GError **error)
{
    mvm_error_set_hint(error, "'macvm %s --help' shows how it is used", command->name);
    return false;
}

static bool
check_count(const MvmCommand *command, int count, char **args, GError **error)
{
    if (count < command->min_args) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot run '%s': it needs %s",
                    command->name, command->args);
        return usage(command, error);
    }
    if (command->max_args >= 0 && count > command->max_args) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                    "cannot run '%s': '%s' is an argument too many", command->name,
                    args[command->max_args]);
        return usage(command, error);
    }
    return true;
}

static bool
needs_value(const GOptionEntry *entry, const char *word)
{
    return entry->arg != G_OPTION_ARG_NONE && entry->arg != G_OPTION_ARG_CALLBACK &&
           (entry->flags & G_OPTION_FLAG_OPTIONAL_ARG) == 0 && g_str_has_prefix(word, "--") &&
           g_str_equal(word + strlen("--"), entry->long_name);
}

/* "--boot-args -v": -v is an option of every command, and was taken as that. */
static bool
check_taken(const MvmCli *cli, const GOptionEntry *entries, GError **error)
{
    for (guint i = 0; cli->taken != NULL && i + 1 < cli->taken->len; i += 2) {
        const char *option = cli->taken->pdata[i], *value = cli->taken->pdata[i + 1];

        for (const GOptionEntry *e = entries; e != NULL && e->long_name != NULL; e++) {
            if (!needs_value(e, option))
                continue;
            g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                        "cannot run '%s': missing argument for %s, since '%s' is an option",
                        cli->command->name, option, value);
            mvm_error_set_hint(error, "use '=' for a value that begins with '-': %s=%s", option,
                               value);
            return false;
        }
    }
    return true;
}

bool
mvm_cli_parse(MvmCli *cli, const GOptionEntry *entries, int *argc, char ***argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) cause = NULL;

    if (cli->on_options != NULL) {
        cli->on_options(cli, entries, cli->on_options_data);
        return done(error);
    }
    if (wants_help(*argc, *argv)) {
        mvm_help_command(cli->command, entries, stdout);
        return done(error);
    }
    if (!check_taken(cli, entries, error))
        return false;
    g_option_context_set_help_enabled(context, FALSE);
    if (entries != NULL)
        g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, &cause)) {
        *cause->message = g_ascii_tolower(*cause->message); /* as all of ours begin */
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot run '%s': %s", cli->command->name,
                    cause->message);
        return usage(cli->command, error);
    }
    /* GOption leaves a "--" that stood before the first positional argument. */
    if (*argc > 1 && strcmp((*argv)[1], "--") == 0) {
        memmove(*argv + 1, *argv + 2, (size_t)(*argc - 1) * sizeof(**argv));
        (*argc)--;
    }
    return check_count(cli->command, *argc - 1, *argv + 1, error);
}
