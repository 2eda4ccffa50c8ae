/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a guest's ssh server is, seen from its libvirt host: on the host's loopback where a port is
 * forwarded, else at the guest's own address on its network.
 */
#pragma once

#include "virt/domain.h"

typedef struct {
    char *host; /* owned; numeric */
    int port;
} MvmGuestAddress;

/* MVM_ERROR_NOT_FOUND when no port is forwarded and libvirt does not know the guest's address,
 * because it does not run or has asked for none yet. The caller frees. */
MvmGuestAddress *mvm_guest_address_find(MvmDomain *domain, const MvmMetadata *metadata,
                                        GError **error);
void mvm_guest_address_free(MvmGuestAddress *address);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmGuestAddress, mvm_guest_address_free)
