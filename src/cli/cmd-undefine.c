/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "cli/pick.h"
#include "ops/undefine.h"
#include "util/error.h"

#include <unistd.h>

/* Only what cannot be made again is worth a question. Without a terminal a saved state is not asked
 * about: it is then refused by what is to be done. */
static bool
confirm(MvmCli *cli, const MvmContext *context, MvmUndefineRequest *request, GError **error)
{
    bool saved = mvm_machine_has_saved_state(context, request->name), yes = false;
    g_autofree char *question = NULL;

    if (!request->remove_storage && !request->remove_media && !(saved && isatty(STDIN_FILENO)))
        return true;
    question = g_strdup_printf("Delete '%s'%s%s%s?", request->name,
                               request->remove_storage ? " and its disks" : "",
                               request->remove_media ? " and its recovery media" : "",
                               saved ? " and its saved state" : "");
    if (!mvm_cli_confirm(cli, question, &yes, error))
        return false;
    if (!yes)
        g_set_error(error, MVM_ERROR, MVM_ERROR_CANCELLED, "'%s' stays as it is", request->name);
    request->drop_saved = yes;
    return yes;
}

bool
mvm_cmd_undefine(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_autofree char *name = NULL, *pool = NULL;
    gboolean remove_storage = FALSE, remove_media = FALSE, yes = FALSE;
    MvmContext context = {0};
    MvmUndefineRequest request = {0};
    const GOptionEntry entries[] = {
        {"remove-storage", 0, 0, G_OPTION_ARG_NONE, &remove_storage,
         "delete the machine's disks as well", NULL},
        {"remove-media", 0, 0, G_OPTION_ARG_NONE, &remove_media,
         "delete its recovery media, which others share", NULL},
        {"pool", 0, 0, G_OPTION_ARG_STRING, &pool,
         "where the disks of a machine that is gone are left", "POOL"},
        {"yes", 'y', 0, G_OPTION_ARG_NONE, &yes,
         "do not ask before disks or a saved state are deleted", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };

    if (!mvm_cli_parse(cli, entries, &argc, &argv, error) ||
        (name = mvm_cli_pick(cli, argv[1], &context, error)) == NULL)
        return false;
    request = (MvmUndefineRequest){.name = name,
                                   .pool = pool,
                                   .remove_storage = remove_storage,
                                   .remove_media = remove_media,
                                   .drop_saved = yes};
    if ((!yes && !confirm(cli, &context, &request, error)) ||
        !mvm_machine_undefine(&context, &request, error))
        return false;
    mvm_cli_tell(cli, name, "undefined", "'%s' is undefined%s", name,
                 remove_storage ? "" : "; its disks are where they were");
    return true;
}
