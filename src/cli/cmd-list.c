/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "cli/machine-row.h"

bool
mvm_cmd_list(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_autoptr(GPtrArray) machines = NULL;
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(g_free);
    MvmJson *json = NULL;

    if (!mvm_cli_parse(cli, NULL, &argc, &argv, error) || mvm_cli_connect(cli, error) == NULL ||
        (machines = mvm_domain_list(cli->conn, error)) == NULL)
        return false;
    for (guint i = 0; i < machines->len; i++) {
        MvmMachineRow row = mvm_machine_row(machines->pdata[i]);

        g_ptr_array_add(rows, g_memdup2(&row, sizeof(row)));
        mvm_cli_warn_damage(cli, machines->pdata[i]);
    }
    if (!cli->json) {
        mvm_table_print(cli, mvm_machine_columns, rows, mvm_machine_row_style);
        if (rows->len == 0)
            mvm_cli_say(cli, "no machines on %s yet; 'macvm define' creates one",
                        mvm_connection_get_endpoint(cli->conn)->uri);
        return true;
    }
    json = mvm_json_new();
    mvm_json_begin_object(json, NULL);
    mvm_json_begin_array(json, "machines");
    for (guint i = 0; i < rows->len; i++) {
        mvm_json_begin_object(json, NULL);
        mvm_table_add_json(mvm_machine_columns, rows->pdata[i], json);
        mvm_json_end_object(json);
    }
    mvm_json_end_array(json);
    mvm_json_end_object(json);
    mvm_cli_print_json(json);
    return true;
}
