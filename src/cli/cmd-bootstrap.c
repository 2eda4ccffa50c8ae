/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "cli/setup.h"
#include "ops/bootstrap.h"
#include "util/error.h"

#include <string.h>

static const char *
state_name(MvmPatchState state)
{
    static const char *const names[] = {
        [MVM_PATCH_APPLIED] = "applied",
        [MVM_PATCH_PRESENT] = "already-applied",
        [MVM_PATCH_CONFLICT] = "conflict",
        [MVM_PATCH_REFUSED] = "refused",
    };

    return names[state];
}

static void
say_patch(MvmCli *cli, const MvmPatchResult *patch)
{
    if (patch->state == MVM_PATCH_APPLIED)
        mvm_cli_say(cli, "patch '%s' applied", patch->name);
    else if (patch->state == MVM_PATCH_PRESENT)
        mvm_cli_say(cli, "patch '%s' is already applied", patch->name);
    else
        mvm_cli_say(cli, "warning: %s", patch->message);
}

static void
say_result(MvmCli *cli, const MvmBootstrapResult *result)
{
    const MvmUpstreamResult *upstream = result->upstream;

    if (upstream->was == NULL)
        mvm_cli_say(cli, "cloned '%s' into '%s' at %.7s", upstream->url, upstream->dir,
                    upstream->commit);
    else if (strcmp(upstream->was, upstream->commit) == 0)
        mvm_cli_say(cli, "'%s' is up to date at %.7s", upstream->dir, upstream->commit);
    else
        mvm_cli_say(cli, "updated '%s' from %.7s to %.7s", upstream->dir, upstream->was,
                    upstream->commit);
    for (guint i = 0; i < upstream->patches->len; i++)
        say_patch(cli, upstream->patches->pdata[i]);
    for (guint i = 0; i < result->problems->len; i++)
        mvm_cli_say(cli, "warning: %s", (char *)result->problems->pdata[i]);
}

static void
add_json(const MvmBootstrapResult *result, MvmJson *json)
{
    const MvmUpstreamResult *upstream = result->upstream;

    mvm_json_string(json, "directory", upstream->dir);
    mvm_json_string(json, "upstream", upstream->url);
    mvm_json_string(json, "commit", upstream->commit);
    mvm_json_string(json, "previous_commit", upstream->was);
    mvm_json_begin_array(json, "patches");
    for (guint i = 0; i < upstream->patches->len; i++) {
        const MvmPatchResult *patch = upstream->patches->pdata[i];

        mvm_json_begin_object(json, NULL);
        mvm_json_string(json, "name", patch->name);
        mvm_json_string(json, "state", state_name(patch->state));
        mvm_json_string(json, "message", patch->message);
        mvm_json_end_object(json);
    }
    mvm_json_end_array(json);
    mvm_json_begin_array(json, "problems");
    for (guint i = 0; i < result->problems->len; i++)
        mvm_json_string(json, NULL, result->problems->pdata[i]);
    mvm_json_end_array(json);
}

/* With setup's steps in the same document, and out of it in the same order. */
static bool
tell(MvmCli *cli, const MvmBootstrapResult *result, bool setup, GError **error)
{
    g_autoptr(MvmJson) json = mvm_json_new();

    mvm_json_begin_object(json, NULL);
    add_json(result, json);
    if (!cli->json)
        say_result(cli, result);
    if (setup && !mvm_cli_setup(cli, (MvmSetupRequest){0}, false, cli->json ? json : NULL, error))
        return false;
    mvm_json_end_object(json);
    if (cli->json)
        mvm_cli_print_json(g_steal_pointer(&json));
    return true;
}

bool
mvm_cmd_bootstrap(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_autofree char *url = NULL;
    g_autofree char *ref = NULL;
    gboolean no_setup = FALSE;
    const GOptionEntry entries[] = {
        {"upstream", 0, 0, G_OPTION_ARG_STRING, &url, "repository (default: OSX-KVM at GitHub)",
         "URL"},
        {"ref", 0, 0, G_OPTION_ARG_STRING, &ref, "branch, tag or commit to stay at", "REV"},
        {"no-setup", 0, 0, G_OPTION_ARG_NONE, &no_setup, "leave the host as it is", NULL},
        {0},
    };
    g_autoptr(MvmBootstrapResult) result = NULL;

    if (!mvm_cli_parse(cli, entries, &argc, &argv, error))
        return false;
    result = mvm_bootstrap(
        &(MvmBootstrapOptions){.dir = argc > 1 ? argv[1] : NULL, .url = url, .ref = ref},
        &cli->progress, error);
    if (result == NULL)
        return false;
    return tell(cli, result, !no_setup, error);
}
