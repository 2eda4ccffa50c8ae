/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "cli/machine-row.h"
#include "cli/pick.h"
#include "cli/status.h"
#include "ops/machine.h"
#include "util/size.h"
#include "util/words.h"

/* A disk as the table and JSON show it. */
typedef struct {
    const char *role, *volume, *path, *format;
    uint64_t capacity, allocation;
} DiskRow;

static const MvmColumn disk_columns[] = {
    {"role", "Disk", MVM_COLUMN_TEXT, offsetof(DiskRow, role)},
    {"volume", NULL, MVM_COLUMN_TEXT, offsetof(DiskRow, volume)},
    {"path", "Path", MVM_COLUMN_TEXT, offsetof(DiskRow, path)},
    {"format", "Format", MVM_COLUMN_TEXT, offsetof(DiskRow, format)},
    {"capacity", "Capacity", MVM_COLUMN_SIZE, offsetof(DiskRow, capacity)},
    {"allocation", "Allocated", MVM_COLUMN_SIZE, offsetof(DiskRow, allocation)},
    {0},
};

static GPtrArray *
disk_rows(const MvmMachineStatus *status)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < status->disks->len; i++) {
        const MvmDiskInfo *disk = status->disks->pdata[i];
        DiskRow row = {.role = disk->role,
                       .volume = disk->volume,
                       .path = disk->path,
                       .format = disk->format,
                       .capacity = disk->capacity,
                       .allocation = disk->allocation};

        g_ptr_array_add(rows, g_memdup2(&row, sizeof(row)));
    }
    return rows;
}

/* null when the OpenCore disk is not of macvm's making: what it says is not known then. */
static void
print_identity(const MvmMachineStatus *status, MvmJson *json)
{
    const MvmMetadata *metadata = status->info->metadata;
    const MvmIdentity *identity = metadata != NULL ? metadata->identity : NULL;
    g_autofree char *uuid = g_ascii_strup(status->info->uuid, -1);

    if (identity == NULL) {
        mvm_json_null(json, "identity");
        return;
    }
    mvm_json_begin_object(json, "identity");
    mvm_json_string(json, "model", identity->model);
    mvm_json_string(json, "serial", identity->serial);
    mvm_json_string(json, "mlb", identity->mlb);
    mvm_json_string(json, "uuid", uuid);
    mvm_json_string(json, "rom", identity->rom);
    mvm_json_end_object(json);
}

static void
print_json(const MvmMachineStatus *status, const MvmMachineRow *row, const GPtrArray *disks)
{
    MvmJson *json = mvm_json_new();

    mvm_json_begin_object(json, NULL);
    mvm_table_add_json(mvm_machine_status_columns, row, json);
    mvm_json_bool(json, "managed", status->managed);
    mvm_json_bool(json, "copy", status->copy);
    mvm_json_string(json, "uri", status->uri);
    mvm_json_string(json, "reason", status->info->reason);
    if (status->uptime >= 0)
        mvm_json_int(json, "uptime", status->uptime);
    else
        mvm_json_null(json, "uptime");
    mvm_json_bool(json, "saved", status->saved);
    mvm_json_string(json, "screen", status->screen);
    mvm_json_string(json, "last_error", status->last_error);
    mvm_json_begin_object(json, "clipboard");
    mvm_json_bool(json, "running", status->clip_running);
    mvm_json_end_object(json);
    print_identity(status, json);
    mvm_json_begin_array(json, "disks");
    for (guint i = 0; i < disks->len; i++) {
        mvm_json_begin_object(json, NULL);
        mvm_table_add_json(disk_columns, disks->pdata[i], json);
        mvm_json_end_object(json);
    }
    mvm_json_end_array(json);
    mvm_json_end_object(json);
    mvm_cli_print_json(json);
}

static void
print_ssh(const MvmMachineStatus *status, const MvmMachineRow *row)
{
    if (status->ssh_trouble != NULL) {
        mvm_cli_print(stdout, "ssh         %s\n", status->ssh_trouble);
        return;
    }
    if (row->ssh_port == 0) {
        mvm_cli_print(stdout, "ssh         no address of it is known%s\n",
                      mvm_state_is_active(status->info->state) ? "" : " while it is off");
        return;
    }
    mvm_cli_print(stdout, "ssh         %s:%d%s%s, %s\n", row->ssh_host, (int)row->ssh_port,
                  status->host != NULL ? " on " : "", status->host != NULL ? status->host : "",
                  status->ssh_reachable                      ? "answers"
                  : mvm_state_is_active(status->info->state) ? "does not answer"
                                                             : "the machine is off");
}

static void
print_uptime(int64_t seconds)
{
    g_autofree char *duration = seconds >= 0 ? mvm_word_duration(seconds) : NULL;

    if (duration != NULL)
        mvm_cli_print(stdout, ", for %s", duration);
}

static void
print_text(const MvmCli *cli, const MvmMachineStatus *status, const MvmMachineRow *row,
           const GPtrArray *disks)
{
    g_autofree char *memory = mvm_size_format(row->memory);
    g_autofree char *vcpus = mvm_word_count((int)row->vcpus, "vCPU");

    mvm_cli_print(stdout, "Name        %s\n", row->name);
    fputs("State       ", stdout);
    mvm_cli_print_style(cli, stdout, row->style);
    mvm_cli_print(stdout, "%s", row->state);
    mvm_cli_print_style(cli, stdout, MVM_STYLE_PLAIN);
    if (!g_str_equal(status->info->reason, "unknown"))
        mvm_cli_print(stdout, " (%s)", status->info->reason);
    print_uptime(status->uptime);
    puts(status->saved ? ", a saved state waits for the next start" : "");
    if (status->last_error != NULL)
        mvm_cli_print(stdout, "Last error  %s\n", status->last_error);
    if (!status->managed)
        puts("Managed     no: macvm did not define it");
    if (status->copy)
        puts("Copy        of another machine, with its port and identity: define it again");
    if (row->os != NULL)
        mvm_cli_print(stdout, "macOS       %s\n", row->os);
    if (status->info->metadata != NULL && status->info->metadata->identity != NULL)
        mvm_cli_print(stdout, "Identity    %s, serial number %s\n",
                      status->info->metadata->identity->model,
                      status->info->metadata->identity->serial);
    mvm_cli_print(stdout, "Size        %s, %s\n", vcpus, memory);
    print_ssh(status, row);
    if (status->screen != NULL)
        mvm_cli_print(stdout, "Screen      %s%s%s\n", status->screen,
                      status->host != NULL ? " on " : "", status->host != NULL ? status->host : "");
    mvm_cli_print(stdout, "Clipboard   %s\n", status->clip_running ? "shared" : "not shared");
    mvm_cli_print(stdout, "Autostart   %s\n", row->autostart ? "yes" : "no");
    mvm_cli_print(stdout, "UUID        %s\n", row->uuid);
    mvm_cli_print(stdout, "Connection  %s\n", status->uri);
    if (disks->len > 0) {
        putchar('\n');
        mvm_table_print(cli, disk_columns, disks, NULL);
    }
}

bool
mvm_status_show(MvmCli *cli, const char *given, GError **error)
{
    g_autoptr(MvmMachineStatus) status = NULL;
    g_autoptr(GPtrArray) disks = NULL;
    g_autofree char *name = NULL;
    MvmContext context = {0};
    MvmMachineRow row = {0};

    if ((name = mvm_cli_pick(cli, given, &context, error)) == NULL ||
        (status = mvm_machine_status(&context, name, error)) == NULL)
        return false;
    row = mvm_machine_row(status->info);
    row.ssh_host = status->ssh != NULL ? status->ssh->host : NULL;
    row.ssh_port = status->ssh != NULL ? (uint64_t)status->ssh->port : 0;
    row.ssh_reachable = status->ssh_reachable;
    disks = disk_rows(status);
    mvm_cli_warn_damage(cli, status->info);
    if (cli->json)
        print_json(status, &row, disks);
    else
        print_text(cli, status, &row, disks);
    return true;
}

bool
mvm_cmd_status(MvmCli *cli, int argc, char **argv, GError **error)
{
    return mvm_cli_parse(cli, NULL, &argc, &argv, error) && mvm_status_show(cli, argv[1], error);
}
