/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "cli/pick.h"
#include "cli/view.h"
#include "ops/power.h"
#include "ops/screenshot.h"
#include "util/error.h"

static void
print_json(const MvmEndpoint *endpoint, bool opened, const char *screen)
{
    MvmJson *json = mvm_json_new();

    mvm_json_begin_object(json, NULL);
    mvm_json_bool(json, "opened", opened);
    mvm_json_string(json, "uri", endpoint->uri);
    mvm_json_string(json, "screen", screen);
    mvm_json_end_object(json);
    mvm_cli_print_json(json);
}

bool
mvm_view_show(MvmCli *cli, const char *name, GError **error)
{
    MvmContext context = mvm_context(cli->conn, &cli->progress);
    const MvmEndpoint *endpoint = mvm_connection_get_endpoint(cli->conn);
    g_autofree char *screen = NULL;
    bool opened = false;

    if (!mvm_machine_view(&context, name, &opened, &screen, error))
        return false;
    if (cli->json) {
        print_json(endpoint, opened, screen);
    } else if (!opened) {
        mvm_cli_print(stdout, "%s\n", screen);
        mvm_cli_say(cli,
                    "no viewer or no desktop here: open that address%s, or '%s' in "
                    "virt-manager",
                    endpoint->remote ? " on the libvirt host" : "", endpoint->uri);
    }
    return true;
}

/* A machine that runs already is what is wanted; view itself tells other states. */
static bool
start(const MvmContext *context, const char *name, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (mvm_machine_up(context, name, 0, &cause) ||
        g_error_matches(cause, MVM_ERROR, MVM_ERROR_CONFLICT))
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

bool
mvm_cmd_view(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_autofree char *name = NULL;
    gboolean up = FALSE;
    MvmContext context = {0};
    const GOptionEntry entries[] = {
        {"up", 0, 0, G_OPTION_ARG_NONE, &up, "start the machine first when it is off", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };

    return mvm_cli_parse(cli, entries, &argc, &argv, error) &&
           (name = mvm_cli_pick(cli, argv[1], &context, error)) != NULL &&
           (!up || start(&context, name, error)) && mvm_view_show(cli, name, error);
}
