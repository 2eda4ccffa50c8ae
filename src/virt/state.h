/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a domain is doing, in the words that virsh uses. */
#pragma once

#include <stdbool.h>

typedef enum {
    MVM_STATE_UNKNOWN,
    MVM_STATE_RUNNING,
    MVM_STATE_IDLE,
    MVM_STATE_PAUSED,
    MVM_STATE_IN_SHUTDOWN, /* the guest is powered off, QEMU is still there */
    MVM_STATE_SHUT_OFF,
    MVM_STATE_CRASHED,
    MVM_STATE_SUSPENDED, /* asleep by its own power management */
} MvmState;

/* "running", "shut off"; static. */
const char *mvm_state_name(MvmState state);

/* Whether QEMU runs. */
bool mvm_state_is_active(MvmState state);

/* Why it is in that state: "booted", "destroyed", "crashed"; static, "unknown" for what this
 * program does not know. virt_state and virt_reason are libvirt's own numbers. */
const char *mvm_state_reason(int virt_state, int virt_reason);

/* libvirt's number (virDomainState) as ours. */
MvmState mvm_state_from_virt(int virt_state);
