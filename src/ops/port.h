/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The port on the libvirt host's loopback that leads to the guest's ssh. */
#pragma once

#include "ops/context.h"
#include "util/lock.h"

#include <stdbool.h>

/* Tells when another machine has that port: they cannot run at the same time. Best effort. */
void mvm_port_note_shared(const MvmContext *context, const char *name, unsigned port);

/* Finds a port, from first on, that no other macvm machine of the connection has and, on this
 * machine, nobody listens on. name's own port does not count as taken. Until *ret_claim is
 * released, no other macvm of this user chooses it. */
bool mvm_port_choose(const MvmContext *context, const char *name, unsigned first,
                     unsigned *ret_port, MvmLock **ret_claim, GError **error);

/* Whether the port is still nobody else's: another user, or another machine, makes no claim that
 * is seen here. MVM_ERROR_CONFLICT when somebody was faster. */
bool mvm_port_check(const MvmContext *context, const char *name, unsigned port, GError **error);
