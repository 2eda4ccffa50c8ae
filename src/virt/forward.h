/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ports of the libvirt host that a domain's XML forwards into its guest: QEMU's hostfwd= in
 * <qemu:commandline> (-netdev, -nic, -net) and libvirt's <portForward>. Pure.
 * https://www.qemu.org/docs/master/system/invocation.html (hostfwd),
 * https://libvirt.org/formatdomain.html (portForward).
 */
#pragma once

#include "xml/xml.h"

typedef struct {
    char *host; /* owned; numeric: the address of the libvirt host that it listens at ("0.0.0.0" and
                   "::" are all of them) */
    unsigned first, last; /* ports of the host */
    unsigned guest;       /* the guest's port that first leads to */
} MvmForward;

void mvm_forward_free(MvmForward *forward);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmForward, mvm_forward_free)

/* All forwards of TCP ports in doc, in order. One that depends on what only QEMU or passt knows (a
 * port that QEMU chooses, all ports but some, those of one device) is left out. The caller frees
 * the array of MvmForward. */
GPtrArray *mvm_forwards_read(xmlDoc *doc);

/* Where to connect, on the libvirt host, for the guest's port: *ret_host (borrowed from forwards,
 * or static) and *ret_port. When several lead there the one from port preferred comes first, then
 * those on the loopback. False when none does. */
bool mvm_forwards_find(const GPtrArray *forwards, unsigned guest, unsigned preferred,
                       const char **ret_host, unsigned *ret_port);

/* Whether both want the same port of the same address: *ret_port is the first of these. */
bool mvm_forwards_clash(const GPtrArray *a, const GPtrArray *b, unsigned *ret_port);
