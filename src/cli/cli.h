/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line: one table of commands (commands.c), from which help, dispatch, completion and
 * the check of the man pages are made.
 *
 * To add a command:
 *  1. put what it does into src/ops (no printing there);
 *  2. write src/cli/cmd-NAME.c with `bool mvm_cmd_NAME(MvmCli *, int, char **, GError **)`;
 *  3. declare it in commands.h, add its row to commands.c (sorted by group, then by use);
 *  4. write docs/man/macvm-NAME.1.scd; the test "docs" compares it with --help;
 *  5. tests, and a line in README.md where users should know.
 */
#pragma once

#include "util/json.h"
#include "util/progress.h"
#include "virt/connection.h"

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct MvmCli MvmCli;

/* One row is one command. */
typedef struct {
    const char *name;
    const char *alias;   /* a second name ("start" for "up"), or NULL */
    const char *group;   /* heading in the help */
    const char *args;    /* "[NAME]", or "" */
    const char *summary; /* at most 60 characters, no full stop */
    const char *details; /* more paragraphs for --help, or NULL */
    int min_args;
    int max_args; /* -1: any number */
    bool (*run)(MvmCli *cli, int argc, char **argv, GError **error);
} MvmCommand;

typedef enum { MVM_COLOR_AUTO, MVM_COLOR_ALWAYS, MVM_COLOR_NEVER } MvmColor;

struct MvmCli {
    char *uri; /* owned; -c, or NULL */
    gboolean json;
    gboolean quiet;
    gboolean verbose;
    MvmColor color;
    const MvmCommand *command; /* the one that runs */
    GPtrArray *taken; /* owned; a word before a global option that was taken, then that option */
    /* Completion asks for the command's options: parse hands them over and is DONE. */
    void (*on_options)(MvmCli *cli, const GOptionEntry *entries, void *data);
    void *on_options_data;
    MvmProgress progress; /* shows on stderr what the flags above allow */
    MvmConnection *conn;  /* owned; opened by mvm_cli_connect() */
    GPtrArray *said;      /* owned; with --json, the sentences for the end, or NULL */
    int exit_status;      /* of a command that did its work: another program's, for `ssh` */
};

/* The table, ended by a row without a name. */
extern const MvmCommand mvm_commands[];

/* The command of that name or alias, or NULL. */
const MvmCommand *mvm_command_find(const char *name);

/* The name or alias that somebody who wrote name may have meant: one that begins so, or is at most
 * two slips of the keyboard away; NULL: none. */
const char *mvm_command_nearest(const char *name);

/* Parses the options of the running command: argv[0] is the command's name, entries are bound to
 * the caller's locals (gboolean for flags: GOption writes an int). Afterwards argv[1..] are the
 * positional arguments, checked against min_args and max_args. --help prints and gives
 * MVM_ERROR_DONE. Fails with MVM_ERROR_USAGE. Ownership of argv's strings does not change. */
bool mvm_cli_parse(MvmCli *cli, const GOptionEntry *entries, int *argc, char ***argv,
                   GError **error);

/* The connection of -c, opened at the first call and kept in cli; borrowed. Says once on stderr
 * that root's qemu:///session is the system daemon. NULL with MVM_ERROR_HOST. */
MvmConnection *mvm_cli_connect(MvmCli *cli, GError **error);

/* The options that every command takes, as GOption has them; main.c takes them out of the words. */
extern const GOptionEntry mvm_global_options[];

/* Usage texts. What an option's arg_description has in brackets may be left out, and what has '|'
 * in it is a choice of words; completion offers them. */
void mvm_help_program(FILE *to);
void mvm_help_command(const MvmCommand *command, const GOptionEntry *entries, FILE *to);

/* A sentence for the person at the terminal, on stderr; nothing with --quiet. With --json it waits
 * for mvm_cli_end_say(). */
void mvm_cli_say(MvmCli *cli, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The command is over. With --json a failure is one document on stderr, without anything beside it:
 * only after a success what was said is printed. */
void mvm_cli_end_say(MvmCli *cli, bool succeeded);

/* A line that the user types, without spaces at its ends; NULL at the end of the input and at
 * Ctrl-C. However long that takes, the connection is kept. The caller frees. */
char *mvm_cli_read_line(MvmCli *cli);

/* Asks on the terminal; true only for yes. Without a terminal it fails with MVM_ERROR_USAGE and
 * the hint to give --yes. */
bool mvm_cli_confirm(MvmCli *cli, const char *question, bool *ret_yes, GError **error);

/* What a text is, for the eye: colour never says anything that the words do not. */
typedef enum {
    MVM_STYLE_PLAIN, /* ends any other */
    MVM_STYLE_BOLD,
    MVM_STYLE_GOOD,
    MVM_STYLE_WARN,
    MVM_STYLE_BAD,
} MvmStyle;

/* Prints to a standard stream. All that src/cli prints for people goes through here (the test
 * "printing" looks): what others wrote (names, messages of libvirt, ssh and git, a guest's words)
 * must not steer the terminal. See mvm_word_printable(). A style is printed by itself, before and
 * after. */
void mvm_cli_print(FILE *to, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The same for a document (XML, a property list). Where no terminal reads it, it is printed as it
 * is, because a program needs its exact bytes. */
void mvm_cli_print_document(const char *text);

/* Prints what begins style on to, where that is wanted. */
void mvm_cli_print_style(const MvmCli *cli, FILE *to, MvmStyle style);

/* Prints json to stdout and frees it. */
void mvm_cli_print_json(MvmJson *json);

/* Prints what a change did to the machine called name: whether there was one, and whether it runs,
 * so that it takes effect at the next start. */
void mvm_cli_print_change(const char *name, bool changed, bool running);

/* What begins style on stream; "" where --color, NO_COLOR, TERM or stream itself want none. */
const char *mvm_cli_style(const MvmCli *cli, FILE *stream, MvmStyle style);

/* Fills cli->progress: a bar on a terminal, a line per 10 % elsewhere, nothing with --quiet. */
void mvm_cli_progress_init(MvmCli *cli);

/* Ends a bar that is on the screen, so that other text begins on a line of its own. */
void mvm_cli_progress_end(MvmCli *cli);
