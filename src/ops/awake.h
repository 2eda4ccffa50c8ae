/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What only a running machine can do: asked before it is tried, for a plain answer. */
#pragma once

#include "virt/domain.h"

/* Fails with MVM_ERROR_CONFLICT, "cannot <verb> 'NAME': it is not running", when it is off. */
bool mvm_check_running(MvmDomain *domain, const char *verb, GError **error);

/* Likewise, and when its CPUs stand still: paused, or asleep. */
bool mvm_check_awake(MvmDomain *domain, const char *verb, GError **error);

/* The hint for a machine called name in state, which is MVM_STATE_PAUSED or MVM_STATE_SUSPENDED:
 * "'virsh resume NAME' lets it go on". The caller frees. */
char *mvm_wake_hint(const char *name, MvmState state);

/* Whether the machine called name is here, as far as its state and libvirt's reason for that say:
 * one that was migrated left its definition behind. MVM_ERROR_CONFLICT: "cannot <verb> ...". */
bool mvm_check_not_moved(const char *name, MvmState state, const char *reason, const char *verb,
                         GError **error);
