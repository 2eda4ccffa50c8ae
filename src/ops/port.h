/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports of the libvirt host: the one that leads to a guest's ssh, and who else has it. */
#pragma once

#include "ops/context.h"
#include "util/lock.h"
#include "virt/domain.h"

#include <stdbool.h>

/* Reports when another machine, macvm's or not, has that port: they cannot run at the same time.
 * Best effort. */
void mvm_port_note_shared(const MvmContext *context, const char *name, unsigned port);

/* Finds a port, from first on, that no other machine of the connection has, macvm's or not, and on
 * which, on this machine, nobody listens. name's own port does not count as taken. Until *ret_claim
 * is released, no other macvm of this machine chooses it on the same daemon. */
bool mvm_port_choose(const MvmContext *context, const char *name, unsigned first,
                     unsigned *ret_port, MvmLock **ret_claim, GError **error);

/* Whether another machine has the port. Claims of a macvm on another machine, or in a container
 * with a network of its own, are not seen here: ask again once name is defined. Best effort. */
bool mvm_port_is_shared(const MvmContext *context, const char *name, unsigned port);

/* Before the start of domain: whether the ports that its definition forwards are free.
 * MVM_ERROR_CONFLICT when a running machine has one of them or, on this machine, another program. A
 * machine that is only defined with one is reported. Best effort: QEMU has the last word. */
bool mvm_port_check_start(const MvmContext *context, MvmDomain *domain, GError **error);
