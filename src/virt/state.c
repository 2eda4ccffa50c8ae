/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/state.h"

#include <glib.h>
#include <libvirt/libvirt.h>

static const char *const names[] = {
    [MVM_STATE_UNKNOWN] = "unknown",
    [MVM_STATE_RUNNING] = "running",
    [MVM_STATE_IDLE] = "idle",
    [MVM_STATE_PAUSED] = "paused",
    [MVM_STATE_IN_SHUTDOWN] = "in shutdown",
    [MVM_STATE_SHUT_OFF] = "shut off",
    [MVM_STATE_CRASHED] = "crashed",
    [MVM_STATE_SUSPENDED] = "pmsuspended",
};

static const MvmState states[] = {
    [VIR_DOMAIN_NOSTATE] = MVM_STATE_UNKNOWN,      [VIR_DOMAIN_RUNNING] = MVM_STATE_RUNNING,
    [VIR_DOMAIN_BLOCKED] = MVM_STATE_IDLE,         [VIR_DOMAIN_PAUSED] = MVM_STATE_PAUSED,
    [VIR_DOMAIN_SHUTDOWN] = MVM_STATE_IN_SHUTDOWN, [VIR_DOMAIN_SHUTOFF] = MVM_STATE_SHUT_OFF,
    [VIR_DOMAIN_CRASHED] = MVM_STATE_CRASHED,      [VIR_DOMAIN_PMSUSPENDED] = MVM_STATE_SUSPENDED,
};

static const struct {
    int state, reason;
    const char *text;
} reasons[] = {
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED, "booted"},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_MIGRATED, "migrated"},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_RESTORED, "restored"},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_FROM_SNAPSHOT, "from snapshot"},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED, "unpaused"},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_MIGRATION_CANCELED, "migration canceled"},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_SAVE_CANCELED, "save canceled"},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_WAKEUP, "event wakeup"},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_CRASHED, "crashed"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, "user"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION, "migrating"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SAVE, "saving"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_DUMP, "dumping"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR, "I/O error"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_WATCHDOG, "watchdog"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_FROM_SNAPSHOT, "from snapshot"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SHUTTING_DOWN, "shutting down"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SNAPSHOT, "creating snapshot"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_CRASHED, "crashed"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_STARTING_UP, "starting up"},
    {VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTDOWN_USER, "user"},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_SHUTDOWN, "shutdown"},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DESTROYED, "destroyed"},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_CRASHED, "crashed"},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_MIGRATED, "migrated"},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_SAVED, "saved"},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_FAILED, "failed"},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT, "from snapshot"},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DAEMON, "daemon"},
    {VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_PANICKED, "panicked"},
};

const char *
mvm_state_name(MvmState state)
{
    return names[state];
}

bool
mvm_state_is_active(MvmState state)
{
    return state != MVM_STATE_SHUT_OFF && state != MVM_STATE_CRASHED && state != MVM_STATE_UNKNOWN;
}

const char *
mvm_state_reason(int virt_state, int virt_reason)
{
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (reasons[i].state == virt_state && reasons[i].reason == virt_reason)
            return reasons[i].text;
    }
    return "unknown";
}

MvmState
mvm_state_from_virt(int virt_state)
{
    if (virt_state < 0 || virt_state >= (int)G_N_ELEMENTS(states))
        return MVM_STATE_UNKNOWN;
    return states[virt_state];
}
