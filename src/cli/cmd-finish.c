/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "cli/pick.h"
#include "ops/finish.h"

static void
tell(MvmCli *cli, const char *name, const MvmFinishResult *result)
{
    if (!cli->json) {
        bool gone = result->changed && result->had;

        mvm_cli_say(cli, "'%s' %s recovery disk%s", name, gone ? "has no more" : "is without a",
                    gone && result->running ? " from its next start on" : "");
        return;
    }
    mvm_cli_print_change(name, result->changed, result->running);
}

bool
mvm_cmd_finish(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_autofree char *name = NULL;
    gboolean remove_media = FALSE;
    MvmContext context = {0};
    MvmFinishResult result = {0};
    const GOptionEntry entries[] = {
        {"remove-media", 0, 0, G_OPTION_ARG_NONE, &remove_media,
         "delete the recovery image if no other needs it", NULL},
        G_OPTION_ENTRY_NULL,
    };

    if (!mvm_cli_parse(cli, entries, &argc, &argv, error) ||
        (name = mvm_cli_pick(cli, argv[1], &context, error)) == NULL ||
        !mvm_finish(&context, name, remove_media, &result, error))
        return false;
    tell(cli, name, &result);
    return true;
}
