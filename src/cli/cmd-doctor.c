/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "cli/table.h"
#include "machine/name.h"
#include "ops/doctor.h"
#include "util/error.h"

/* A check as the table and JSON show it. */
typedef struct {
    const char *mark, *id, *status, *message, *fix;
    MvmCheckStatus found;
} CheckRow;

static const MvmColumn columns[] = {
    {"state", "", MVM_COLUMN_TEXT, offsetof(CheckRow, mark)},
    {"id", "Check", MVM_COLUMN_TEXT, offsetof(CheckRow, id)},
    {"message", "Found", MVM_COLUMN_TEXT, offsetof(CheckRow, message)},
    {0},
};

static const MvmColumn json_columns[] = {
    {"id", NULL, MVM_COLUMN_TEXT, offsetof(CheckRow, id)},
    {"status", NULL, MVM_COLUMN_TEXT, offsetof(CheckRow, status)},
    {"message", NULL, MVM_COLUMN_TEXT, offsetof(CheckRow, message)},
    {"fix", NULL, MVM_COLUMN_TEXT, offsetof(CheckRow, fix)},
    {0},
};

static const char *
mark_of(MvmCheckStatus status)
{
    static const char *const marks[] = {[MVM_CHECK_OK] = "✓",
                                        [MVM_CHECK_WARN] = "!",
                                        [MVM_CHECK_FAIL] = "✗",
                                        [MVM_CHECK_SKIP] = "-"};

    return g_get_charset(NULL) ? marks[status] : mvm_check_status_name(status);
}

static GPtrArray *
make_rows(const GPtrArray *checks)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < checks->len; i++) {
        const MvmCheck *check = checks->pdata[i];
        CheckRow row = {.mark = mark_of(check->status),
                        .id = check->id,
                        .status = mvm_check_status_name(check->status),
                        .message = check->message,
                        .fix = check->fix,
                        .found = check->status};

        g_ptr_array_add(rows, g_memdup2(&row, sizeof(row)));
    }
    return rows;
}

static MvmStyle
style_of(const void *row)
{
    static const MvmStyle styles[] = {[MVM_CHECK_OK] = MVM_STYLE_GOOD,
                                      [MVM_CHECK_WARN] = MVM_STYLE_WARN,
                                      [MVM_CHECK_FAIL] = MVM_STYLE_BAD,
                                      [MVM_CHECK_SKIP] = MVM_STYLE_PLAIN};

    return styles[((const CheckRow *)row)->found];
}

static guint
count(const GPtrArray *checks, MvmCheckStatus status)
{
    guint found = 0;

    for (guint i = 0; i < checks->len; i++)
        found += ((const MvmCheck *)checks->pdata[i])->status == status;
    return found;
}

static void
print_json(const GPtrArray *checks, const GPtrArray *rows)
{
    MvmJson *json = mvm_json_new();

    mvm_json_begin_object(json, NULL);
    mvm_json_bool(json, "ok", count(checks, MVM_CHECK_FAIL) == 0);
    mvm_json_begin_array(json, "checks");
    for (guint i = 0; i < rows->len; i++) {
        mvm_json_begin_object(json, NULL);
        mvm_table_add_json(json_columns, rows->pdata[i], json);
        mvm_json_end_object(json);
    }
    mvm_json_end_array(json);
    mvm_json_end_object(json);
    mvm_cli_print_json(json);
}

static void
print_fixes(const MvmCli *cli, const GPtrArray *rows)
{
    bool first = true;

    for (guint i = 0; i < rows->len; i++) {
        const CheckRow *row = rows->pdata[i];

        if (row->fix == NULL)
            continue;
        if (first)
            puts("\nWhat to do:");
        first = false;
        fputs("  ", stdout);
        mvm_cli_print_style(cli, stdout, style_of(row));
        mvm_cli_print(stdout, "%s", row->mark);
        mvm_cli_print_style(cli, stdout, MVM_STYLE_PLAIN);
        mvm_cli_print(stdout, " %s: %s\n", row->id, row->fix);
    }
}

static bool
examine(MvmCli *cli, const char *name, const char *os, GError **error)
{
    g_autoptr(GError) why = NULL;
    MvmConnection *conn = mvm_cli_connect(cli, &why);
    const MvmContext context = mvm_context(conn, &cli->progress);
    const MvmDoctorRequest request = {
        .name = name, .os = os, .uri = cli->uri, .connection_error = why};
    g_autoptr(GPtrArray) checks = mvm_doctor(&context, &request, error);
    g_autoptr(GPtrArray) rows = NULL;

    if (checks == NULL)
        return false;
    rows = make_rows(checks);
    if (cli->json) {
        print_json(checks, rows);
    } else {
        mvm_table_print(cli, columns, rows, style_of);
        print_fixes(cli, rows);
    }
    if (count(checks, MVM_CHECK_FAIL) > 0)
        cli->exit_status = mvm_error_exit_status(
            &(GError){.domain = MVM_ERROR, .code = MVM_ERROR_HOST, .message = (char *)""});
    return true;
}

bool
mvm_cmd_doctor(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_autofree char *os = NULL;
    const GOptionEntry entries[] = {
        {"os", 0, 0, G_OPTION_ARG_STRING, &os, "macOS version the host is to run", "VERSION"},
        {0},
    };

    if (!mvm_cli_parse(cli, entries, &argc, &argv, error) ||
        (argc > 1 && !mvm_name_check(argv[1], error)))
        return false;
    return examine(cli, argv[1], os, error);
}
