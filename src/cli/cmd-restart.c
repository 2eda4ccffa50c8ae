/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "cli/pick.h"
#include "cli/power.h"

bool
mvm_cmd_restart(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_autofree char *timeout = NULL, *wait_ssh = NULL, *name = NULL;
    gboolean force = FALSE;
    int seconds = 0;
    MvmDownOptions options = {0};
    MvmContext context = {0};
    const GOptionEntry entries[] = {
        MVM_CLI_TIMEOUT_ENTRY(&timeout),
        MVM_CLI_FORCE_ENTRY(&force),
        MVM_CLI_WAIT_SSH_ENTRY(&wait_ssh),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };

    if (!mvm_cli_fix_wait_ssh(argv, error) || !mvm_cli_parse(cli, entries, &argc, &argv, error) ||
        !mvm_cli_parse_timeout(timeout, &options.timeout, error) ||
        !mvm_cli_parse_wait_ssh(wait_ssh, &seconds, error) ||
        (name = mvm_cli_pick(cli, argv[1], &context, error)) == NULL)
        return false;
    options.force = force;
    if (!mvm_machine_restart(&context, name, &options, seconds, error))
        return false;
    mvm_cli_tell(cli, name, "running", "'%s' is running", name);
    return true;
}
