/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells what the last of the given words can become, one possibility a line. */
#include "cli/commands.h"
#include "util/error.h"

#include <string.h>

static void
print_commands(const char *prefix)
{
    for (const MvmCommand *c = mvm_commands; c->name != NULL; c++) {
        if (c->group == NULL)
            continue;
        if (g_str_has_prefix(c->name, prefix))
            puts(c->name);
        if (c->alias != NULL && *prefix != '\0' && g_str_has_prefix(c->alias, prefix))
            puts(c->alias);
    }
}

static void
print_globals(const char *prefix)
{
    static const char *const names[] = {"--connect=", "--json",   "--quiet",
                                        "--verbose",  "--color=", "--help"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_str_has_prefix(names[i], prefix))
            puts(names[i]);
    }
}

/* The command among the words before the last, stepping over -c URI; NULL when none is there. */
static const MvmCommand *
command_of(int argc, char **argv)
{
    for (int i = 1; i < argc - 1; i++) {
        if (strcmp(argv[i], "-c") == 0 || strcmp(argv[i], "--connect") == 0)
            i++;
        else if (argv[i][0] != '-')
            return mvm_command_find(argv[i]);
    }
    return NULL;
}

bool
mvm_cmd_complete(MvmCli *cli, int argc, char **argv, GError **error)
{
    const char *last = NULL;
    const MvmCommand *command = NULL;

    if (argc > 1 && strcmp(argv[1], "--") == 0) {
        argc--;
        argv++;
    }
    last = argc > 1 ? argv[argc - 1] : "";
    command = command_of(argc, argv);
    if (command == NULL) {
        print_commands(last);
        if (last[0] == '-')
            print_globals(last);
        return true;
    }
    if (last[0] == '-') {
        g_autoptr(GError) ignored = NULL;
        char *own[] = {(char *)command->name, NULL};

        cli->describe = true;
        cli->command = command;
        (void)command->run(cli, 1, own, &ignored);
        print_globals(last);
    }
    return true;
}
