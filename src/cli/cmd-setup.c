/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "cli/setup.h"
#include "machine/name.h"
#include "machine/os.h"
#include "util/error.h"
#include "util/words.h"

#include <string.h>
#include <unistd.h>

typedef struct {
    MvmCli *cli;
    bool yes;
} Talk;

static MvmConnection *
connect(void *opaque, GError **error)
{
    const Talk *talk = opaque;

    return mvm_cli_connect(talk->cli, error);
}

/* The remedy stands below the step, each line indented. */
static void
print_indented(FILE *to, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        if (**line != '\0')
            mvm_cli_print(to, "      %s\n", *line);
    }
}

static void
report(void *opaque, const MvmStep *step)
{
    const Talk *talk = opaque;
    const MvmCli *cli = talk->cli;

    if (talk->cli->json || talk->cli->quiet)
        return;
    mvm_cli_progress_end(talk->cli);
    mvm_cli_print_style(cli, stdout, MVM_STYLE_BOLD);
    mvm_cli_print(stdout, "[%d/%d] %s:", step->number, MVM_SETUP_STEPS, step->title);
    mvm_cli_print_style(cli, stdout, MVM_STYLE_PLAIN);
    putchar(' ');
    if (step->status == MVM_STEP_FAILED || step->status == MVM_STEP_WARN) {
        bool failed = step->status == MVM_STEP_FAILED;

        mvm_cli_print_style(cli, stdout, failed ? MVM_STYLE_BAD : MVM_STYLE_WARN);
        fputs(failed ? "failed:" : "warning:", stdout);
        mvm_cli_print_style(cli, stdout, MVM_STYLE_PLAIN);
        putchar(' ');
    }
    mvm_cli_print(stdout, "%s\n", step->message);
    if (step->remedy != NULL)
        print_indented(stdout, step->remedy);
    fflush(stdout);
}

static bool
agree(void *opaque, const MvmStep *step, const char *commands, bool *ret_yes, GError **error)
{
    const Talk *talk = opaque;

    *ret_yes = talk->yes;
    if (talk->yes || talk->cli->json || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        if (talk->yes && !talk->cli->json && !talk->cli->quiet) {
            mvm_cli_say(talk->cli, "[%d/%d] %s: running as root:", step->number, MVM_SETUP_STEPS,
                        step->title);
            print_indented(stderr, commands);
        }
        return true;
    }
    mvm_cli_say(talk->cli, "[%d/%d] %s: this needs root:", step->number, MVM_SETUP_STEPS,
                step->title);
    print_indented(stderr, commands);
    return mvm_cli_confirm(talk->cli, "Run it?", ret_yes, error);
}

static void
add_json(const GPtrArray *steps, MvmJson *json)
{
    mvm_json_begin_array(json, "steps");
    for (guint i = 0; i < steps->len; i++) {
        const MvmStep *step = steps->pdata[i];

        mvm_json_begin_object(json, NULL);
        mvm_json_int(json, "number", step->number);
        mvm_json_string(json, "id", step->id);
        mvm_json_string(json, "status", mvm_step_status_name(step->status));
        mvm_json_string(json, "message", step->message);
        mvm_json_string(json, "remedy", step->remedy);
        mvm_json_end_object(json);
    }
    mvm_json_end_array(json);
}

/* The first failure decides the exit status. */
static int
exit_status_of(const GPtrArray *steps)
{
    for (guint i = 0; i < steps->len; i++) {
        const MvmStep *step = steps->pdata[i];

        if (step->status == MVM_STEP_FAILED)
            return mvm_error_exit_status(
                &(GError){.domain = MVM_ERROR, .code = step->exit_code, .message = step->message});
    }
    return 0;
}

/* Not when something is left to the user, which was told. */
static void
say_ready(MvmCli *cli, const GPtrArray *steps, const char *name)
{
    g_autofree char *word = name != NULL ? mvm_word_quote(name) : NULL;

    for (guint i = 0; i < steps->len; i++) {
        if (((const MvmStep *)steps->pdata[i])->status == MVM_STEP_LEFT)
            return;
    }
    mvm_cli_say(cli, "ready: 'macvm up --view%s%s' starts it and shows its screen",
                word != NULL ? " " : "", word != NULL ? word : "");
}

bool
mvm_cli_setup(MvmCli *cli, MvmSetupRequest request, bool yes, MvmJson *json, GError **error)
{
    Talk talk = {.cli = cli, .yes = yes};
    const MvmSetupTalk hooks = {
        .connect = connect, .report = report, .agree = agree, .opaque = &talk};
    g_autoptr(GPtrArray) steps = NULL;

    request.uri = cli->uri;
    steps = mvm_setup(&request, &hooks, &cli->progress, error);
    if (steps == NULL)
        return false;
    if (json != NULL)
        add_json(steps, json);
    cli->exit_status = exit_status_of(steps);
    if (cli->exit_status != 0)
        mvm_cli_say(cli,
                    "setup is not complete: mend what failed, then run the same command again");
    else if (!request.dry_run && json == NULL)
        say_ready(cli, steps, request.name);
    return true;
}

bool
mvm_cmd_setup(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_autofree char *os = NULL;
    g_autofree char *disk_size = NULL;
    gboolean yes = FALSE, dry_run = FALSE;
    const GOptionEntry entries[] = {
        {"os", 0, 0, G_OPTION_ARG_STRING, &os, "macOS version, as number or name", "VERSION"},
        {"disk-size", 0, 0, G_OPTION_ARG_STRING, &disk_size, "size of the system disk", "SIZE"},
        {"yes", 'y', 0, G_OPTION_ARG_NONE, &yes, "run what needs root without asking", NULL},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, "only tell what would be done", NULL},
        {0},
    };
    g_autoptr(MvmJson) json = NULL;
    MvmSetupRequest request = {0};

    if (!mvm_cli_parse(cli, entries, &argc, &argv, error) ||
        (argc > 1 && !mvm_name_check(argv[1], error)))
        return false;
    request = (MvmSetupRequest){
        .name = argv[1], .os = os, .disk_size = disk_size, .dry_run = dry_run != FALSE};
    json = mvm_json_new();
    mvm_json_begin_object(json, NULL);
    if (!mvm_cli_setup(cli, request, yes != FALSE, cli->json ? json : NULL, error))
        return false;
    mvm_json_end_object(json);
    if (cli->json)
        mvm_cli_print_json(g_steal_pointer(&json));
    return true;
}
