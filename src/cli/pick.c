/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/pick.h"

#include "ops/machine.h"

char *
mvm_cli_pick(MvmCli *cli, const char *given, MvmContext *context, GError **error)
{
    if (mvm_cli_connect(cli, error) == NULL)
        return NULL;
    *context = mvm_context(cli->conn, &cli->progress);
    return mvm_machine_pick(context, given, error);
}

void
mvm_cli_tell(MvmCli *cli, const char *name, const char *state, const char *format, ...)
{
    g_autofree char *text = NULL;
    MvmJson *json = NULL;
    va_list args;

    if (!cli->json) {
        va_start(args, format);
        text = g_strdup_vprintf(format, args);
        va_end(args);
        mvm_cli_say(cli, "%s", text);
        return;
    }
    json = mvm_json_new();
    mvm_json_begin_object(json, NULL);
    mvm_json_string(json, "name", name);
    mvm_json_string(json, "state", state);
    mvm_json_end_object(json);
    mvm_cli_print_json(json);
}
