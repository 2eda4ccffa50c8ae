/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/cli.h"

#include <string.h>

static const char global_options[] =
    "Options of every command:\n"
    "  -c, --connect=URI   libvirt connection; default: libvirt's own choice\n"
    "      --json          one JSON document on stdout, errors as JSON on stderr\n"
    "  -q, --quiet         no remarks and no progress\n"
    "  -v, --verbose       tell more of what is done\n"
    "      --color=WHEN    auto, always or never\n"
    "  -h, --help          show how a command is used\n";

/* The width of the column of names in lists. */
#define NAME_WIDTH 14
#define OPTION_WIDTH 26

void
mvm_help_program(FILE *to)
{
    const char *group = NULL;

    fputs("Usage: macvm [OPTION...] COMMAND [ARG...]\n\n"
          "Defines and runs macOS virtual machines through libvirt.\n",
          to);
    for (const MvmCommand *c = mvm_commands; c->name != NULL; c++) {
        if (c->group == NULL)
            continue;
        if (group == NULL || strcmp(group, c->group) != 0)
            fprintf(to, "\n%s:\n", c->group);
        group = c->group;
        fprintf(to, "  %-*s%s\n", NAME_WIDTH, c->name, c->summary);
    }
    fprintf(to, "\n%s      --version       print the version\n", global_options);
    fputs("\n'macvm COMMAND --help' tells more; so does the manual page macvm(1).\n"
          "Without a command, on a terminal, macvm shows a menu.\n",
          to);
}

static void
print_option(const GOptionEntry *e, FILE *to)
{
    g_autoptr(GString) left = g_string_new("  ");

    if (e->short_name != 0)
        g_string_append_printf(left, "-%c, ", e->short_name);
    else
        g_string_append(left, "    ");
    g_string_append_printf(left, "--%s", e->long_name);
    if (e->arg_description != NULL)
        g_string_append_printf(left, "=%s", e->arg_description);
    if (left->len + 2 > OPTION_WIDTH)
        fprintf(to, "%s\n%*s%s\n", left->str, OPTION_WIDTH, "", e->description);
    else
        fprintf(to, "%-*s%s\n", OPTION_WIDTH, left->str, e->description);
}

void
mvm_help_command(const MvmCommand *command, const GOptionEntry *entries, FILE *to)
{
    bool has_options = entries != NULL && entries[0].long_name != NULL;

    fprintf(to, "Usage: macvm %s%s%s%s\n\n%s.\n", command->name, has_options ? " [OPTION...]" : "",
            *command->args != '\0' ? " " : "", command->args, command->summary);
    if (command->alias != NULL)
        fprintf(to, "Another name of it is '%s'.\n", command->alias);
    if (command->details != NULL)
        fprintf(to, "\n%s\n", command->details);
    if (has_options) {
        fputs("\nOptions:\n", to);
        for (const GOptionEntry *e = entries; e->long_name != NULL; e++) {
            if (*e->long_name != '\0' && (e->flags & G_OPTION_FLAG_HIDDEN) == 0)
                print_option(e, to);
        }
    }
    fprintf(to, "\n%s", global_options);
}
