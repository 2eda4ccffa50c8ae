/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting and stopping a machine. Waiting is by libvirt's events; Ctrl-C ends it with
 * MVM_ERROR_CANCELLED, and leaves the machine to what was asked of it. */
#pragma once

#include "ops/context.h"

#define MVM_DOWN_TIMEOUT 120     /* seconds */
#define MVM_WAIT_SSH_TIMEOUT 300 /* seconds */

typedef struct {
    int timeout; /* seconds for the guest to stop by itself */
    bool force;  /* then end it; a paused guest, which cannot stop by itself, at once */
} MvmDownOptions;

/* Starts the machine called name, from its saved state when there is one. wait_ssh: then waits at
 * most that many seconds for the guest's ssh server; 0: does not. MVM_ERROR_CONFLICT when it runs
 * already. */
bool mvm_machine_up(const MvmContext *context, const char *name, int wait_ssh, GError **error);

/* Asks the guest to shut down: by ssh when that answers, by the power button when it does not or
 * when a third of the time is over; returns when it is off. MVM_ERROR_CONFLICT when it is not
 * running, or cannot hear. */
bool mvm_machine_down(const MvmContext *context, const char *name, const MvmDownOptions *options,
                      GError **error);

/* Both, one after the other: QEMU starts anew, with what was defined meanwhile. */
bool mvm_machine_restart(const MvmContext *context, const char *name, const MvmDownOptions *options,
                         int wait_ssh, GError **error);
