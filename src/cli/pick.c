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
