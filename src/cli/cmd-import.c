/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "cli/machine-options.h"
#include "cli/pick.h"
#include "machine/name.h"
#include "ops/import.h"
#include "util/error.h"

static void
tell_json(const MvmImportResult *result, bool dry_run)
{
    MvmJson *json = mvm_json_new();

    mvm_json_begin_object(json, NULL);
    mvm_json_string(json, "name", result->name);
    mvm_json_string(json, "source", result->file);
    mvm_json_bool(json, "done", !dry_run);
    mvm_json_bool(json, "moved", result->moved);
    mvm_json_string(json, "uuid", result->uuid);
    mvm_json_begin_array(json, "images");
    for (int i = 0; i < MVM_IMPORT_IMAGE_COUNT; i++) {
        if (result->from[i] == NULL)
            continue;
        mvm_json_begin_object(json, NULL);
        mvm_json_string(json, "role", mvm_import_image_name((MvmImportImage)i));
        mvm_json_string(json, "from", result->from[i]);
        mvm_json_string(json, "volume", result->volume[i]);
        mvm_json_end_object(json);
    }
    mvm_json_end_array(json);
    mvm_json_begin_array(json, "left_out");
    for (guint i = 0; i < result->left->len; i++)
        mvm_json_string(json, NULL, result->left->pdata[i]);
    mvm_json_end_array(json);
    mvm_json_end_object(json);
    mvm_cli_print_json(json);
}

static void
tell(MvmCli *cli, const MvmImportResult *result, bool dry_run)
{
    mvm_cli_progress_end(cli);
    if (cli->json) {
        tell_json(result, dry_run);
        return;
    }
    for (int i = 0; i < MVM_IMPORT_IMAGE_COUNT && !cli->quiet; i++) {
        if (result->from[i] != NULL)
            mvm_cli_print(stdout, "%-9s %s -> %s\n", mvm_import_image_name((MvmImportImage)i),
                          result->from[i], result->volume[i]);
    }
    for (guint i = 0; i < result->left->len; i++)
        mvm_cli_print(stdout, "Not taken over: %s\n", (const char *)result->left->pdata[i]);
    if (!cli->quiet)
        mvm_cli_print(stdout, "Machine '%s' %s%s\n", result->name,
                      dry_run ? "would be defined" : "defined",
                      result->moved ? "; its disk was moved" : "");
}

bool
mvm_cmd_import(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_auto(MvmMachineOptions) given = {0};
    g_auto(MvmImportResult) result = {0};
    g_autoptr(MvmOptions) options = NULL;
    gboolean move = FALSE, copy = FALSE, dry_run = FALSE;
    MvmImportRequest request = {0};
    MvmContext context = {0};
    const GOptionEntry more[] = {
        {"copy", 0, 0, G_OPTION_ARG_NONE, &copy, "leave all files where they are (default)", NULL},
        {"move", 0, 0, G_OPTION_ARG_NONE, &move,
         "delete the system disk there once its copy is verified", NULL},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, "only show what would be taken over", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autofree GOptionEntry *entries = mvm_machine_options_entries(&given, more);

    if (!mvm_cli_parse(cli, entries, &argc, &argv, error) ||
        (options = mvm_machine_options_check(&given, error)) == NULL ||
        (argc > 2 && !mvm_name_check(argv[2], error)))
        return false;
    if (move && copy) {
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_USAGE,
                            "cannot use '--move': it and --copy exclude each other");
        return false;
    }
    if (mvm_cli_connect(cli, error) == NULL)
        return false;
    context = mvm_context(cli->conn, &cli->progress);
    request = (MvmImportRequest){argv[1], argc > 2 ? argv[2] : NULL, options, move, dry_run};
    if (!mvm_import(&context, &request, &result, error))
        return false;
    tell(cli, &result, dry_run);
    return true;
}
