/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells what the last of the given words can become: one possibility a line, with what it means
 * behind a tab. A word that ends with '=' wants a value. Nothing is told of files: those the shell
 * itself completes where this says nothing. */
#include "cli/commands.h"
#include "machine/os.h"
#include "util/error.h"
#include "virt/domain-list.h"

#include <string.h>
#include <unistd.h>

/* A Tab that takes longer than this, because a host does not answer, completes nothing. */
#define MAX_SECONDS 3

/* The command line so far. */
typedef struct {
    MvmCli *cli;
    const MvmCommand *command; /* NULL: not there yet */
    int argc;                  /* what follows is of these words */
    char **argv;
    const char *last; /* the word to complete; a value behind "--name=" begins here, too */
} Line;

/* Tells word when it fits; head is what stands before it in the same word. */
static void
offer(const Line *line, const char *head, const char *word, const char *meaning)
{
    if (!g_str_has_prefix(word, line->last))
        return;
    printf("%s%s%s%s\n", head, word, meaning != NULL ? "\t" : "", meaning != NULL ? meaning : "");
}

static void
offer_commands(const Line *line)
{
    for (const MvmCommand *c = mvm_commands; c->name != NULL; c++) {
        if (c->group == NULL)
            continue;
        offer(line, "", c->name, c->summary);
        if (c->alias != NULL && *line->last != '\0')
            offer(line, "", c->alias, c->summary);
    }
}

static void
offer_machines(const Line *line, const char *head)
{
    g_autoptr(GPtrArray) machines = NULL;

    /* ssh asks for a password on the terminal that the user is typing at, unless there is none. */
    (void)setsid();
    (void)g_setenv("SSH_ASKPASS_REQUIRE", "never", TRUE);
    (void)alarm(MAX_SECONDS);
    line->cli->conn = mvm_connection_open(line->cli->uri, MAX_SECONDS, NULL);
    machines = line->cli->conn != NULL ? mvm_domain_list(line->cli->conn, NULL) : NULL;
    for (guint i = 0; machines != NULL && i < machines->len; i++) {
        const MvmDomainInfo *machine = machines->pdata[i];

        offer(line, head, machine->name, mvm_state_name(machine->state));
    }
}

static void
offer_versions(const Line *line, const char *head)
{
    size_t count = 0;
    const MvmOs *versions = mvm_os_list(&count);

    for (size_t i = 0; i < count; i++) {
        g_autofree char *title = g_strdup_printf("macOS %s", versions[i].title);

        offer(line, head, versions[i].id, title);
        offer(line, head, versions[i].name, title);
    }
}

/* What can stand for kind, a word of the help: "NAME", "VERSION", "on|off". */
static void
offer_values(const Line *line, const char *head, const char *kind)
{
    if (strcmp(kind, "NAME") == 0) {
        offer_machines(line, head);
    } else if (strcmp(kind, "VERSION") == 0) {
        offer_versions(line, head);
    } else if (strcmp(kind, "URI") == 0) {
        offer(line, head, "qemu:///session", "your own machines");
        offer(line, head, "qemu:///system", "the machines of this host");
    } else if (g_ascii_islower(kind[0]) && strchr(kind, '|') != NULL) {
        g_auto(GStrv) choices = g_strsplit(kind, "|", -1);

        for (char **choice = choices; *choice != NULL; choice++)
            offer(line, head, *choice, NULL);
    }
}

/* --- options ---------------------------------------------------------------------------------- */

static bool
is_shown(const GOptionEntry *entry)
{
    return *entry->long_name != '\0' && (entry->flags & G_OPTION_FLAG_HIDDEN) == 0;
}

static void
offer_options(const Line *line, const GOptionEntry *entries)
{
    for (const GOptionEntry *e = entries; e != NULL && e->long_name != NULL; e++) {
        bool value = e->arg_description != NULL && *e->arg_description != '[';
        g_autofree char *word = g_strdup_printf("--%s%s", e->long_name, value ? "=" : "");

        if (is_shown(e))
            offer(line, "", word, e->description);
    }
}

static const GOptionEntry *
find_in(const GOptionEntry *entries, const char *word, size_t len)
{
    for (const GOptionEntry *e = entries; e != NULL && e->long_name != NULL; e++) {
        if ((len == 2 && word[1] == e->short_name && e->short_name != 0) ||
            (len > 2 && strlen(e->long_name) == len - 2 &&
             strncmp(e->long_name, word + 2, len - 2) == 0))
            return e;
    }
    return NULL;
}

/* The option that word is, also with a value behind '='; NULL: none. */
static const GOptionEntry *
find_option(const GOptionEntry *entries, const char *word)
{
    size_t len = strcspn(word, "=");
    const GOptionEntry *found = NULL;

    if (word[0] != '-' || len < 2)
        return NULL;
    found = find_in(entries, word, len);
    return found != NULL ? found : find_in(mvm_global_options, word, len);
}

/* Whether the next word is the value of the option that word is. */
static bool
wants_next(const GOptionEntry *entries, const char *word)
{
    const GOptionEntry *option = strchr(word, '=') == NULL ? find_option(entries, word) : NULL;

    return option != NULL && option->arg_description != NULL && *option->arg_description != '[';
}

/* --- the word --------------------------------------------------------------------------------- */

/* The word of the help for the command's argument of that number, counted from 0: "NAME" of
 * "sync|push [NAME]". The caller frees. */
static char *
kind_of_argument(const MvmCommand *command, int number)
{
    g_auto(GStrv) kinds = g_strsplit(command->args, " ", -1);
    char *kind = NULL;

    if (number >= (int)g_strv_length(kinds))
        return NULL;
    kind = kinds[number] + (kinds[number][0] == '[');
    return g_strndup(kind, strcspn(kind, "]"));
}

static void
complete_value(Line *line, const GOptionEntry *option, const char *head)
{
    g_autofree char *kind = g_strdup(option->arg_description + (*option->arg_description == '['));

    kind[strcspn(kind, "]")] = '\0';
    offer_values(line, head, kind);
}

/* Given the command's own options; line->argv are the words behind the command. */
static void
complete_word(MvmCli *cli, const GOptionEntry *entries, void *data)
{
    Line *line = data;
    const char *equals = strchr(line->last, '=');
    const GOptionEntry *option = find_option(entries, line->last);
    g_autofree char *kind = NULL;
    int number = 0, i = 0;

    for (; i < line->argc - 1; i++) {
        if (strcmp(line->argv[i], "--") == 0)
            return;
        if (!wants_next(entries, line->argv[i])) {
            number += line->argv[i][0] != '-';
        } else if (++i == line->argc - 1) {
            complete_value(line, find_option(entries, line->argv[i - 1]), "");
            return;
        }
    }
    if (equals != NULL && option != NULL && option->arg_description != NULL) {
        g_autofree char *head = g_strndup(line->last, (size_t)(equals + 1 - line->last));

        line->last = equals + 1;
        complete_value(line, option, head);
    } else if (line->last[0] == '-') {
        offer_options(line, entries);
        offer_options(line, mvm_global_options);
    } else if (line->command != NULL && (kind = kind_of_argument(line->command, number)) != NULL) {
        offer_values(line, "", kind);
    }
}

/* Finds the command among the words before the last, and what -c says on the way. */
static void
find_command(Line *line)
{
    for (int i = 0; i < line->argc - 1 && line->command == NULL; i++) {
        const char *word = line->argv[i];
        const GOptionEntry *option = find_option(NULL, word);
        const char *value = strchr(word, '=');

        if (wants_next(NULL, word) && i + 1 < line->argc - 1)
            value = line->argv[++i];
        else if (value != NULL)
            value++;
        if (option != NULL && option->short_name == 'c' && value != NULL) {
            g_free(line->cli->uri);
            line->cli->uri = g_strdup(value);
        }
        if (word[0] != '-' && strcmp(word, "help") != 0) {
            line->command = mvm_command_find(word);
            line->argv += i + 1;
            line->argc -= i + 1;
            if (line->command == NULL)
                line->argc = 0;
            return;
        }
    }
}

bool
mvm_cmd_complete(MvmCli *cli, int argc, char **argv, GError **error)
{
    bool dashes = argc > 1 && strcmp(argv[1], "--") == 0;
    Line line = {.cli = cli, .argc = argc - 1 - dashes, .argv = argv + 1 + dashes};
    g_autoptr(GError) done = NULL;

    if (line.argc == 0)
        return true;
    line.last = line.argv[line.argc - 1];
    find_command(&line);
    if (line.command != NULL) {
        char *own[] = {(char *)line.command->name, NULL};

        cli->command = line.command;
        cli->on_options = complete_word;
        cli->on_options_data = &line;
        (void)line.command->run(cli, 1, own, &done);
    } else if (line.argc > 0) {
        bool option =
            line.last[0] == '-' || (line.argc > 1 && wants_next(NULL, line.argv[line.argc - 2]));

        complete_word(cli, NULL, &line);
        if (!option)
            offer_commands(&line);
    }
    return true;
}
