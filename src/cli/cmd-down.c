/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "cli/pick.h"
#include "cli/power.h"

bool
mvm_cmd_down(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_autofree char *timeout = NULL;
    g_autofree char *name = NULL;
    gboolean force = FALSE;
    MvmDownOptions options = {0};
    MvmContext context = {0};
    const GOptionEntry entries[] = {
        MVM_CLI_TIMEOUT_ENTRY(&timeout),
        MVM_CLI_FORCE_ENTRY(&force),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };

    if (!mvm_cli_parse(cli, entries, &argc, &argv, error) ||
        !mvm_cli_parse_timeout(timeout, &options.timeout, error) ||
        (name = mvm_cli_pick(cli, argv[1], &context, error)) == NULL)
        return false;
    options.force = force;
    if (!mvm_machine_down(&context, name, &options, error))
        return false;
    mvm_cli_tell(cli, name, "shut off", "'%s' is off", name);
    return true;
}
