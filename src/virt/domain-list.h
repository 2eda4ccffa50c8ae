/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All macvm machines of a connection, with what a list shows of each. */
#pragma once

#include "virt/connection.h"
#include "virt/metadata.h"
#include "virt/state.h"

typedef struct {
    char *name; /* owned */
    char *uuid; /* owned */
    MvmState state;
    const char *reason; /* static */
    unsigned vcpus;
    uint64_t memory; /* bytes */
    bool autostart;
    MvmMetadata *metadata; /* owned; NULL when it cannot be read */
    char *damage;          /* owned; why not, as an error's message; NULL otherwise */
} MvmDomainInfo;

void mvm_domain_info_free(MvmDomainInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmDomainInfo, mvm_domain_info_free)

/* The machines, sorted by name: every domain that has an element of ours in its metadata, also
 * when that cannot be read. One call brings the states and sizes of all, one the autostart flags;
 * libvirt has none for the metadata of many domains, so that those are asked for side by side.
 * A domain that vanishes meanwhile is left out. The caller frees the array of MvmDomainInfo. */
GPtrArray *mvm_domain_list(MvmConnection *conn, GError **error);
