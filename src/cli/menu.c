/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/menu.h"

#include "cli/clip.h"
#include "cli/commands.h"
#include "cli/pick.h"
#include "util/error.h"
#include "virt/domain-list.h"
#include "virt/domain.h"

#include <string.h>

/* The rows, numbered from 1; the letter in brackets does as well. */
static const struct {
    char letter;
    const char *label;
    const char *command; /* NULL: the menu's own affair */
} choices[] = {
    {'s', "start", "up"},      {'x', "stop", "down"}, {'r', "restart", "restart"},
    {'v', "view", "view"},     {'l', "log", "log"},   {'c', "clipboard", NULL},
    {'i', "status", "status"}, {'q', "quit", NULL},   {'m', "another machine", NULL},
};

typedef struct {
    MvmCli *cli;
    MvmContext context;
    char *name;  /* owned */
    bool others; /* there is more than one machine */
} Menu;

/* A menu is open for long: libvirt's daemon may have been restarted since. */
static void
keep_connected(const Menu *menu)
{
    if (!mvm_connection_is_alive(menu->context.conn))
        (void)mvm_connection_reopen(menu->context.conn, NULL);
}

/* What the user types, or NULL at the end of input and when they have had enough. */
static char *
read_line(const Menu *menu)
{
    char *line = NULL;

    fputs("> ", stdout);
    (void)fflush(stdout);
    line = mvm_cli_read_line(menu->cli);
    if (line == NULL)
        putchar('\n');
    keep_connected(menu);
    return line;
}

/* --- which machine ---------------------------------------------------------------------------- */

/* The machine that line means, by its number or its name; NULL for none. */
static const MvmDomainInfo *
find_machine(const GPtrArray *machines, const char *line)
{
    for (guint i = 0; i < machines->len; i++) {
        const MvmDomainInfo *machine = machines->pdata[i];
        g_autofree char *number = g_strdup_printf("%u", i + 1);

        if (strcmp(line, number) == 0 || strcmp(line, machine->name) == 0)
            return machine;
    }
    return NULL;
}

/* Has the user choose one. False when nothing was chosen, or there is none any more. */
static bool
choose_machine(Menu *menu, const GPtrArray *machines)
{
    const MvmDomainInfo *chosen = NULL;

    if (machines->len == 0)
        return false;
    while (chosen == NULL) {
        g_autofree char *line = NULL;

        puts("\nWhich machine?");
        for (guint i = 0; i < machines->len; i++) {
            const MvmDomainInfo *machine = machines->pdata[i];

            mvm_cli_print(stdout, "  %u  %s: %s\n", i + 1, machine->name,
                          mvm_state_name(machine->state));
        }
        line = read_line(menu);
        if (line == NULL)
            return false;
        chosen = find_machine(machines, line);
    }
    g_free(menu->name);
    menu->name = g_strdup(chosen->name);
    return true;
}

/* The only machine, or the one with the default's name, or what the user chooses. *ret_go_on is
 * false when the user does not. */
static bool
begin(Menu *menu, bool *ret_go_on, GError **error)
{
    g_autoptr(GPtrArray) machines = NULL;

    if ((menu->name = mvm_cli_pick(menu->cli, NULL, &menu->context, error)) == NULL ||
        (machines = mvm_domain_list(menu->context.conn, error)) == NULL)
        return false;
    menu->others = machines->len > 1;
    *ret_go_on = machines->len == 0 || find_machine(machines, menu->name) != NULL ||
                 choose_machine(menu, machines);
    return true;
}

/* --- what to do ------------------------------------------------------------------------------- */

static void
print_state(const Menu *menu)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(MvmDomain) domain = mvm_domain_open_any(menu->context.conn, menu->name, &cause);
    MvmState state = MVM_STATE_UNKNOWN;

    if (domain != NULL && mvm_domain_get_state(domain, &state, NULL, &cause)) {
        mvm_cli_print(stdout, "\n%s: %s\n", menu->name, mvm_state_name(state));
    } else if (g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND)) {
        mvm_cli_print(stdout, "\n%s: not defined yet; 'macvm define' makes it\n", menu->name);
    } else {
        mvm_cli_print(stdout, "\n%s: not known (%s)\n", menu->name, cause->message);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(choices) - !menu->others; i++)
        mvm_cli_print(stdout, "  %zu  [%c] %s\n", i + 1, choices[i].letter, choices[i].label);
}

/* The row that the user's line means, or -1. */
static int
understand(const Menu *menu, const char *line)
{
    for (int i = 0; i < (int)G_N_ELEMENTS(choices) - !menu->others; i++) {
        g_autofree char *number = g_strdup_printf("%d", i + 1);
        const char letter[] = {choices[i].letter, '\0'};

        if (strcmp(line, number) == 0 || g_ascii_strcasecmp(line, letter) == 0 ||
            g_ascii_strcasecmp(line, choices[i].label) == 0)
            return i;
    }
    return -1;
}

static bool
run_choice(Menu *menu, int row, GError **error)
{
    char *argv[] = {(char *)choices[row].command, menu->name, NULL};
    g_autoptr(GPtrArray) machines = NULL;

    if (choices[row].command != NULL) {
        menu->cli->command = mvm_command_find(choices[row].command);
        return menu->cli->command->run(menu->cli, 2, argv, error);
    }
    if (choices[row].letter == 'c')
        return mvm_cli_toggle_clipboard(menu->cli, menu->name, error);
    machines = mvm_domain_list(menu->context.conn, error);
    if (machines == NULL)
        return false;
    (void)choose_machine(menu, machines); /* else it stays the one that it was */
    return true;
}

static bool
run(Menu *menu, void (*print_error)(MvmCli *cli, const GError *error), GError **error)
{
    for (;;) {
        g_autoptr(GError) cause = NULL;
        g_autofree char *line = NULL;
        int row = -1;

        keep_connected(menu);
        print_state(menu);
        line = read_line(menu);
        if (line == NULL)
            return true;
        row = understand(menu, line);
        if (row < 0) {
            puts("a number or a letter of the list, please");
            continue;
        }
        if (choices[row].letter == 'q')
            return true;
        if (!run_choice(menu, row, &cause)) {
            if (g_error_matches(cause, MVM_ERROR, MVM_ERROR_CANCELLED)) {
                g_propagate_error(error, g_steal_pointer(&cause));
                return false;
            }
            print_error(menu->cli, cause);
        }
    }
}

bool
mvm_menu_run(MvmCli *cli, void (*print_error)(MvmCli *cli, const GError *error), GError **error)
{
    Menu menu = {.cli = cli};
    bool go_on = false;
    bool ok = begin(&menu, &go_on, error) && (!go_on || run(&menu, print_error, error));

    g_free(menu.name);
    return ok;
}
