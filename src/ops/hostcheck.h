/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a machine can run on the connection's host: told before anything is made. */
#pragma once

#include "machine/machine.h"
#include "ops/context.h"
#include "virt/caps.h"

#include <stdbool.h>

/* Decides between KVM and TCG for machine by the option accel ("auto" when NULL). current is what
 * an existing machine has ("kvm", "qemu", or NULL): auto keeps it. Unless TCG is asked for, test
 * machines (ops/hostprobe.h) show whether KVM works and, when machine has an OSK, whether the
 * emulator has isa-applesmc. KVM asked for and not there is MVM_ERROR_HOST. */
bool mvm_hostcheck_accel(const MvmContext *context, const MvmHost *host, const char *accel,
                         const char *current, MvmMachine *machine, GError **error);

/* Fills machine's firmware from the option firmware; NULL or "auto" is the host's own. */
bool mvm_hostcheck_firmware(const MvmContext *context, const MvmHost *host, const char *firmware,
                            MvmMachine *machine, GError **error);

/* memory_asked: the size is the user's own. */
bool mvm_hostcheck_memory(const MvmHost *host, bool memory_asked, const MvmMachine *machine,
                          GError **error);

/* CPU model, video model and network: that the host has them. */
bool mvm_hostcheck_devices(const MvmContext *context, const MvmHost *host,
                           const MvmMachine *machine, GError **error);
