/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/cli.h"

#include <string.h>

#define FLAG(name, letter, help)                                                                   \
    {                                                                                              \
        name, letter, 0, G_OPTION_ARG_NONE, NULL, help, NULL                                       \
    }
#define VALUE(name, letter, help, arg)                                                             \
    {                                                                                              \
        name, letter, 0, G_OPTION_ARG_STRING, NULL, help, arg                                      \
    }

const GOptionEntry mvm_global_options[] = {
    VALUE("connect", 'c', "libvirt connection; default: libvirt's own choice", "URI"),
    FLAG("json", 0, "one JSON document on stdout, errors as JSON on stderr"),
    FLAG("quiet", 'q', "no remarks and no progress"),
    FLAG("verbose", 'v', "tell more of what is done"),
    VALUE("color", 0, "whether to use colours", "auto|always|never"),
    FLAG("help", 'h', "show how a command is used"),
    {0},
};
static const GOptionEntry version_option =
    FLAG("version", 0, "print the version; with -v, of the libraries too");

/* The width of the column of names in lists. */
#define NAME_WIDTH 14
#define OPTION_WIDTH 26

#define GLOBAL_TITLE "Options of every command"

static void
print_option(const GOptionEntry *e, FILE *to)
{
    g_autoptr(GString) left = g_string_new("  ");
    const char *arg = e->arg_description;

    if (e->short_name != 0)
        g_string_append_printf(left, "-%c, ", e->short_name);
    else
        g_string_append(left, "    ");
    g_string_append_printf(left, "--%s", e->long_name);
    if (arg != NULL && *arg == '[')
        g_string_append_printf(left, "[=%s", arg + 1);
    else if (arg != NULL)
        g_string_append_printf(left, "=%s", arg);
    if (left->len + 2 > OPTION_WIDTH)
        fprintf(to, "%s\n%*s%s\n", left->str, OPTION_WIDTH, "", e->description);
    else
        fprintf(to, "%-*s%s\n", OPTION_WIDTH, left->str, e->description);
}

static void
print_options(const char *title, const GOptionEntry *entries, FILE *to)
{
    fprintf(to, "\n%s:\n", title);
    for (const GOptionEntry *e = entries; e->long_name != NULL; e++) {
        if (*e->long_name != '\0' && (e->flags & G_OPTION_FLAG_HIDDEN) == 0)
            print_option(e, to);
    }
}

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
    print_options(GLOBAL_TITLE, mvm_global_options, to);
    print_option(&version_option, to);
    fputs("\n'macvm COMMAND --help' tells more; so does the manual page macvm(1).\n"
          "Without a command, on a terminal, macvm shows a menu.\n",
          to);
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
    if (has_options)
        print_options("Options", entries, to);
    print_options(GLOBAL_TITLE, mvm_global_options, to);
}
