/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/menu.h"

#include "cli/commands.h"
#include "cli/pick.h"
#include "util/error.h"
#include "util/words.h"
#include "virt/domain.h"

#include <string.h>

/* The rows, numbered from 1; the letter in brackets does as well. */
static const struct {
    char letter;
    const char *label;
    const char *words[4]; /* of the command; the machine's name is put behind them */
} choices[] = {
    {'s', "start", {"up"}},      {'x', "stop", {"down"}}, {'r', "restart", {"restart"}},
    {'v', "view", {"view"}},     {'l', "log", {"log"}},   {'c', "clipboard", {"clip", "status"}},
    {'i', "status", {"status"}}, {'q', "quit", {NULL}},
};

/* A menu is open for long: libvirt's daemon may have been restarted since. */
static void
keep_connected(const MvmContext *context)
{
    if (!mvm_connection_is_alive(context->conn))
        (void)mvm_connection_reopen(context->conn, NULL);
}

static void
print_state(const MvmContext *context, const char *name)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(MvmDomain) domain = mvm_domain_open_any(context->conn, name, &cause);
    g_autofree char *why = NULL;
    MvmState state = MVM_STATE_UNKNOWN;

    if (domain != NULL && mvm_domain_get_state(domain, &state, NULL, &cause)) {
        printf("\n%s: %s\n", name, mvm_state_name(state));
    } else if (g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND)) {
        printf("\n%s: not defined yet; 'macvm define' makes it\n", name);
    } else {
        why = mvm_word_printable(cause->message);
        printf("\n%s: not known (%s)\n", name, why);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(choices); i++)
        printf("  %zu  [%c] %s\n", i + 1, choices[i].letter, choices[i].label);
    fputs("> ", stdout);
    fflush(stdout);
}

/* The row that the user's line means, or -1. */
static int
understand(const char *line)
{
    for (int i = 0; i < (int)G_N_ELEMENTS(choices); i++) {
        g_autofree char *number = g_strdup_printf("%d", i + 1);
        const char letter[] = {choices[i].letter, '\0'};

        if (strcmp(line, number) == 0 || g_ascii_strcasecmp(line, letter) == 0 ||
            g_ascii_strcasecmp(line, choices[i].label) == 0)
            return i;
    }
    return -1;
}

static bool
run_choice(MvmCli *cli, int row, char *name, GError **error)
{
    const MvmCommand *command = mvm_command_find(choices[row].words[0]);
    char *argv[G_N_ELEMENTS(choices[row].words) + 2] = {NULL};
    int argc = 0;

    if (command == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_HOST, "cannot run '%s': not in this build",
                    choices[row].words[0]);
        return false;
    }
    for (; choices[row].words[argc] != NULL; argc++)
        argv[argc] = (char *)choices[row].words[argc];
    argv[argc++] = name;
    cli->command = command;
    return command->run(cli, argc, argv, error);
}

bool
mvm_menu_run(MvmCli *cli, void (*print_error)(MvmCli *cli, const GError *error), GError **error)
{
    MvmContext context = {0};
    g_autofree char *name = mvm_cli_pick(cli, NULL, &context, error);

    if (name == NULL)
        return false;
    for (;;) {
        g_autoptr(GError) cause = NULL;
        g_autofree char *line = NULL;
        int row = -1;

        keep_connected(&context);
        print_state(&context, name);
        line = mvm_cli_read_line(cli);
        if (line == NULL) {
            putchar('\n');
            return true;
        }
        keep_connected(&context);
        row = understand(line);
        if (row < 0) {
            puts("a number or a letter of the list, please");
            continue;
        }
        if (choices[row].words[0] == NULL)
            return true;
        if (!run_choice(cli, row, name, &cause)) {
            if (g_error_matches(cause, MVM_ERROR, MVM_ERROR_CANCELLED)) {
                g_propagate_error(error, g_steal_pointer(&cause));
                return false;
            }
            print_error(cli, cause);
        }
    }
}
