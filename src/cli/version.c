/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/version.h"

#include "cli/table.h"
#include "ops/libraries.h"

#include <libsmartcols/libsmartcols.h>

static const MvmColumn columns[] = {
    {"name", "Library", MVM_COLUMN_TEXT, offsetof(MvmLibrary, name)},
    {"compiled", "Compiled with", MVM_COLUMN_TEXT, offsetof(MvmLibrary, compiled)},
    {"running", "Running", MVM_COLUMN_TEXT, offsetof(MvmLibrary, running)},
    {0},
};

static GPtrArray *
gather(void)
{
    GPtrArray *libraries = mvm_libraries_new();
    const char *smartcols = NULL;

    (void)scols_get_library_version(&smartcols);
    mvm_ops_libraries(libraries);
    mvm_libraries_add(libraries, "libsmartcols", LIBSMARTCOLS_VERSION, smartcols);
    return libraries;
}

static void
print_json(const GPtrArray *libraries)
{
    MvmJson *json = mvm_json_new();

    mvm_json_begin_object(json, NULL);
    mvm_json_string(json, "version", MACVM_VERSION);
    if (libraries != NULL) {
        mvm_json_begin_array(json, "libraries");
        for (guint i = 0; i < libraries->len; i++) {
            mvm_json_begin_object(json, NULL);
            mvm_table_add_json(columns, libraries->pdata[i], json);
            mvm_json_end_object(json);
        }
        mvm_json_end_array(json);
    }
    mvm_json_end_object(json);
    mvm_cli_print_json(json);
}

void
mvm_cli_print_version(const MvmCli *cli)
{
    g_autoptr(GPtrArray) libraries = cli->verbose ? gather() : NULL;

    if (cli->json) {
        print_json(libraries);
        return;
    }
    puts("macvm " MACVM_VERSION);
    if (libraries != NULL)
        mvm_table_print(cli, columns, libraries, NULL);
}
