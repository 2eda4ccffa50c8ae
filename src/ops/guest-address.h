/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a guest's ssh server is, seen from its libvirt host: the one place that decides it. What
 * counts is the definition that the machine runs with, which anybody may have edited: where a port
 * of the host is forwarded to the guest's ssh, else the guest's own address on its network. What
 * macvm remembers only chooses between several.
 */
#pragma once

#include "virt/domain.h"

typedef struct {
    char *host; /* owned; numeric */
    unsigned port;
} MvmGuestAddress;

/* MVM_ERROR_NOT_FOUND when the guest is on a network and libvirt does not know its address, because
 * it does not run or has asked for none yet. MVM_ERROR_CONFLICT when the machine was defined with a
 * port that is not forwarded to its ssh now. The caller frees. */
MvmGuestAddress *mvm_guest_address_find(MvmDomain *domain, const MvmMetadata *metadata,
                                        GError **error);

/* The same for a machine whose XML, as mvm_domain_get_xml() gives it, is doc. */
MvmGuestAddress *mvm_guest_address_in(MvmDomain *domain, xmlDoc *doc, const MvmMetadata *metadata,
                                      GError **error);
void mvm_guest_address_free(MvmGuestAddress *address);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmGuestAddress, mvm_guest_address_free)
