/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine as `list` and `status` show it. */
#pragma once

#include "cli/table.h"
#include "virt/domain-list.h"

typedef struct {
    const char *name, *uuid, *state, *os; /* borrowed from the MvmDomainInfo */
    uint64_t vcpus;
    uint64_t memory; /* bytes */
    const char *ssh_host;
    uint64_t ssh_port;
    bool ssh_reachable; /* of `status` */
    bool autostart;
    MvmStyle style; /* of the state */
} MvmMachineRow;

/* Of `list`. */
extern const MvmColumn mvm_machine_columns[];

/* Of `status`: with ssh.reachable. */
extern const MvmColumn mvm_machine_status_columns[];

/* info must outlive the row. */
MvmMachineRow mvm_machine_row(const MvmDomainInfo *info);

/* How its state looks, for mvm_table_print(). */
MvmStyle mvm_machine_row_style(const void *row);

/* Warns on stderr when what macvm remembers of the machine cannot be read. */
void mvm_cli_warn_damage(MvmCli *cli, const MvmDomainInfo *info);
