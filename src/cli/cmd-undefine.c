/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "cli/pick.h"
#include "ops/undefine.h"
#include "util/error.h"

/* Only what cannot be made again is worth a question. */
static bool
confirm(MvmCli *cli, const char *name, GError **error)
{
    g_autofree char *question = g_strdup_printf("Delete '%s' and its disks?", name);
    bool yes = false;

    if (!mvm_cli_confirm(cli, question, &yes, error))
        return false;
    if (!yes)
        g_set_error(error, MVM_ERROR, MVM_ERROR_CANCELLED, "'%s' stays as it is", name);
    return yes;
}

bool
mvm_cmd_undefine(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_autofree char *name = NULL;
    gboolean remove_storage = FALSE, yes = FALSE;
    MvmContext context = {0};
    const GOptionEntry entries[] = {
        {"remove-storage", 0, 0, G_OPTION_ARG_NONE, &remove_storage,
         "delete the machine's disks as well", NULL},
        {"yes", 'y', 0, G_OPTION_ARG_NONE, &yes, "do not ask before disks are deleted", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };

    if (!mvm_cli_parse(cli, entries, &argc, &argv, error) ||
        (name = mvm_cli_pick(cli, argv[1], &context, error)) == NULL ||
        (remove_storage && !yes && !confirm(cli, name, error)) ||
        !mvm_machine_undefine(&context, name, remove_storage, error))
        return false;
    mvm_cli_tell(cli, name, "undefined", "'%s' is undefined%s", name,
                 remove_storage ? "" : "; its disks are where they were");
    return true;
}
