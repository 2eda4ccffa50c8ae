/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/machine-row.h"

#include "util/words.h"

#define AT(member) offsetof(MvmMachineRow, member)

#define BEFORE_SSH                                                                                 \
    {"name", "Name", MVM_COLUMN_TEXT, AT(name)}, {"uuid", NULL, MVM_COLUMN_TEXT, AT(uuid)},        \
        {"state", "State", MVM_COLUMN_TEXT, AT(state)}, {"os", "macOS", MVM_COLUMN_TEXT, AT(os)},  \
        {"vcpus", "vCPUs", MVM_COLUMN_NUMBER, AT(vcpus)},                                          \
        {"memory", "Memory", MVM_COLUMN_SIZE, AT(memory)},                                         \
        {"ssh.host", NULL, MVM_COLUMN_TEXT, AT(ssh_host)},                                         \
    {                                                                                              \
        "ssh.port", "SSH port", MVM_COLUMN_NUMBER, AT(ssh_port)                                    \
    }

const MvmColumn mvm_machine_columns[] = {
    BEFORE_SSH,
    {"autostart", "Autostart", MVM_COLUMN_BOOL, AT(autostart)},
    {0},
};

const MvmColumn mvm_machine_status_columns[] = {
    BEFORE_SSH,
    {"ssh.reachable", NULL, MVM_COLUMN_BOOL, AT(ssh_reachable)},
    {"autostart", "Autostart", MVM_COLUMN_BOOL, AT(autostart)},
    {0},
};

static MvmStyle
style_of(MvmState state)
{
    switch (state) {
    case MVM_STATE_RUNNING:
    case MVM_STATE_IDLE:
        return MVM_STYLE_GOOD;
    case MVM_STATE_PAUSED:
    case MVM_STATE_SUSPENDED:
    case MVM_STATE_IN_SHUTDOWN:
        return MVM_STYLE_WARN;
    case MVM_STATE_CRASHED:
        return MVM_STYLE_BAD;
    default:
        return MVM_STYLE_PLAIN;
    }
}

MvmStyle
mvm_machine_row_style(const void *row)
{
    return ((const MvmMachineRow *)row)->style;
}

MvmMachineRow
mvm_machine_row(const MvmDomainInfo *info)
{
    const MvmMetadata *metadata = info->metadata;
    bool has_port = metadata != NULL && metadata->ssh_port != 0;

    return (MvmMachineRow){
        .name = info->name,
        .uuid = info->uuid,
        .state = mvm_state_name(info->state),
        .os = metadata != NULL ? metadata->os : NULL,
        .vcpus = info->vcpus,
        .memory = info->memory,
        .ssh_host = has_port ? "127.0.0.1" : NULL,
        .ssh_port = has_port ? (uint64_t)metadata->ssh_port : 0,
        .autostart = info->autostart,
        .style = style_of(info->state),
    };
}

void
mvm_cli_warn_damage(MvmCli *cli, const MvmDomainInfo *info)
{
    g_autofree char *damage = info->damage != NULL ? mvm_word_printable(info->damage) : NULL;
    g_autofree char *word = mvm_word_quote(info->name);

    if (damage != NULL)
        mvm_cli_say(cli,
                    "warning: %s; correct or remove the element macvm:machine under <metadata> "
                    "with 'virsh edit %s'",
                    damage, word);
}
