/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "cli/pick.h"
#include "ops/log.h"
#include "util/error.h"
#include "util/size.h"

#include <unistd.h>

#define DEFAULT_LINES 40
#define MAX_LINES 1000000

/* Who reads it may have seen enough: 'macvm log -f | head'. */
static bool
print_line(const char *text, void *opaque)
{
    mvm_cli_print(stdout, "%s\n", text);
    return fflush(stdout) == 0;
}

static bool
add_line(const char *text, void *opaque)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    mvm_json_string(opaque, NULL, valid);
    return true;
}

static bool
print_json(const MvmContext *context, const char *name, const MvmLogOptions *options,
           GError **error)
{
    g_autoptr(MvmJson) json = mvm_json_new();

    mvm_json_begin_object(json, NULL);
    mvm_json_begin_array(json, "lines");
    if (!mvm_log_read(context, name, options, add_line, json, error))
        return false;
    mvm_json_end_array(json);
    mvm_json_end_object(json);
    mvm_cli_print_json(g_steal_pointer(&json));
    return true;
}

bool
mvm_cmd_log(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_autofree char *lines = NULL;
    g_autofree char *name = NULL;
    gboolean follow = FALSE;
    int64_t count = DEFAULT_LINES;
    MvmLogOptions options = {0};
    MvmContext context = {0};
    const GOptionEntry entries[] = {
        {"follow", 'f', 0, G_OPTION_ARG_NONE, &follow, "go on as the log grows, until Ctrl-C",
         NULL},
        {"lines", 'n', 0, G_OPTION_ARG_STRING, &lines, "how many of the last lines (40)", "LINES"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };

    if (!mvm_cli_parse(cli, entries, &argc, &argv, error) ||
        (lines != NULL && !mvm_number_parse("--lines", lines, 0, MAX_LINES, &count, error)))
        return false;
    if (cli->json && follow) {
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_USAGE,
                            "cannot follow a log with --json: the document would never end");
        return false;
    }
    options = (MvmLogOptions){.lines = (int)count, .follow = follow};
    if ((name = mvm_cli_pick(cli, argv[1], &context, error)) == NULL)
        return false;
    if (cli->json)
        return print_json(&context, name, &options, error);
    return mvm_log_read(&context, name, &options, print_line, NULL, error);
}
