/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "cli/pick.h"
#include "ops/define.h"
#include "util/error.h"

#include <string.h>

static void
tell(MvmCli *cli, const char *name, MvmOpencoreChange change, const MvmDefineResult *result)
{
    bool update = change == MVM_OPENCORE_UPDATE;
    if (!cli->json) {
        if (result->changed)
            mvm_cli_say(cli, "'%s' has %s OpenCore%s", name, update ? "the newer" : "the former",
                        result->running ? " from its next start on" : "");
        else
            mvm_cli_say(cli, "'%s' has this OpenCore already", name);
        return;
    }
    mvm_cli_print_change(name, result->changed, result->running);
}

static bool
find_change(const char *word, const char *file, MvmOpencoreChange *ret_change, GError **error)
{
    g_autofree char *shown = g_strescape(word, NULL);

    *ret_change = MVM_OPENCORE_ROLLBACK;
    if (strcmp(word, "update") == 0)
        *ret_change = MVM_OPENCORE_UPDATE;
    else if (strcmp(word, "rollback") != 0)
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                    "cannot run 'opencore %s': not update or rollback", shown);
    else if (file != NULL)
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_USAGE,
                            "cannot run 'opencore rollback': it takes no --opencore");
    else
        return true;
    if (*ret_change == MVM_OPENCORE_UPDATE)
        return true;
    mvm_error_set_hint(error, "'macvm opencore --help' shows how it is used");
    return false;
}

bool
mvm_cmd_opencore(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_autofree char *file = NULL, *name = NULL;
    char *given = NULL;
    g_autoptr(MvmOptions) none = mvm_options_new();
    g_auto(MvmDefineResult) result = {0};
    MvmContext context = {0};
    MvmDefineRequest request = {.options = none, .must_exist = true};
    const GOptionEntry entries[] = {
        {"opencore", 0, 0, G_OPTION_ARG_FILENAME, &given, "take the OpenCore in this image",
         "FILE"},
        G_OPTION_ENTRY_NULL,
    };
    bool parsed = mvm_cli_parse(cli, entries, &argc, &argv, error);

    file = given;
    if (!parsed || !find_change(argv[1], file, &request.opencore_change, error) ||
        (name = mvm_cli_pick(cli, argv[2], &context, error)) == NULL)
        return false;
    request.name = name;
    request.opencore = file;
    if (!mvm_define(&context, &request, &result, error))
        return false;
    tell(cli, name, request.opencore_change, &result);
    return true;
}
