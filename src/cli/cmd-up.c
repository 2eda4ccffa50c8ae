/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/clip.h"
#include "cli/commands.h"
#include "cli/pick.h"
#include "cli/power.h"
#include "cli/view.h"

bool
mvm_cmd_up(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_autofree char *wait_ssh = NULL;
    g_autofree char *name = NULL;
    gboolean view = FALSE, clipboard = FALSE;
    int seconds = 0;
    MvmContext context = {0};
    const GOptionEntry entries[] = {
        MVM_CLI_WAIT_SSH_ENTRY(&wait_ssh),
        {"clipboard", 0, 0, G_OPTION_ARG_NONE, &clipboard, "then share the clipboard with it",
         NULL},
        {"view", 0, 0, G_OPTION_ARG_NONE, &view, "then open a viewer", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };

    if (!mvm_cli_fix_wait_ssh(argv, error) || !mvm_cli_parse(cli, entries, &argc, &argv, error) ||
        !mvm_cli_parse_wait_ssh(wait_ssh, &seconds, error) ||
        (name = mvm_cli_pick(cli, argv[1], &context, error)) == NULL ||
        !mvm_machine_up(&context, name, seconds, error))
        return false;
    if (clipboard && !mvm_cli_share_clipboard(cli, name, error)) {
        if (!cli->json)
            mvm_cli_say(cli, "'%s' is running", name);
        return false;
    }
    if (view)
        return mvm_view_show(cli, name, error);
    mvm_cli_tell(cli, name, "running", "'%s' is running", name);
    return true;
}
