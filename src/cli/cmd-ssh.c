/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "cli/pick.h"
#include "ops/awake.h"
#include "ops/guest-ssh.h"
#include "util/command.h"

#include <string.h>

#define SSH_FAILED 255 /* ssh's own exit status; the command's, too, if it likes */

/* Cuts what follows "--" off argv and returns it; NULL without "--". The words are the guest's, not
 * options of ours. */
static const char *const *
take_command(int *argc, char **argv)
{
    for (int i = 1; i < *argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            *argc = i;
            argv[i] = NULL;
            return (const char *const *)argv + i + 1;
        }
    }
    return NULL;
}

bool
mvm_cmd_ssh(MvmCli *cli, int argc, char **argv, GError **error)
{
    const char *const *command = take_command(&argc, argv);
    g_autoptr(MvmMetadata) metadata = NULL;
    g_autoptr(MvmDomain) domain = NULL;
    g_autoptr(GPtrArray) ssh = NULL;
    g_autofree char *name = NULL;
    gboolean agent = FALSE;
    MvmContext context = {0};
    const GOptionEntry entries[] = {
        {"forward-agent", 'A', 0, G_OPTION_ARG_NONE, &agent,
         "let the guest use your ssh agent while you are there", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };

    if (!(mvm_cli_parse(cli, entries, &argc, &argv, error) &&
          (name = mvm_cli_pick(cli, argv[1], &context, error)) != NULL &&
          (domain = mvm_domain_open(cli->conn, name, error)) != NULL &&
          (metadata = mvm_domain_get_metadata(domain, error)) != NULL &&
          mvm_check_awake(domain, "log in to", error) &&
          (ssh = mvm_guest_ssh_argv(domain, metadata,
                                    agent ? MVM_GUEST_SSH_LOGIN_AGENT : MVM_GUEST_SSH_LOGIN,
                                    command, error)) != NULL &&
          mvm_command_run_foreground((const char *const *)ssh->pdata, &cli->exit_status, error)))
        return false;
    return cli->exit_status != SSH_FAILED || mvm_guest_ssh_meet(domain, metadata, error);
}
