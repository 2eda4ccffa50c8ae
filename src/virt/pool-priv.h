/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libvirt's side of a pool, for src/virt alone. */
#pragma once

#include "virt/connection-priv.h"
#include "virt/pool.h"

struct MvmPool {
    MvmConnection *conn;    /* borrowed */
    virStoragePoolPtr virt; /* owned */
    char *name;
    char *path;
};

/* The volume called name, or NULL. A volume made behind libvirt's back is found too: the pool is
 * looked through once more before the answer is no. The caller frees. */
virStorageVolPtr mvm_pool_find_volume(MvmPool *pool, const char *name);

/* The same where libvirt lists a volume that cannot be read: looks through the pool first. */
virStorageVolPtr mvm_pool_find_volume_again(MvmPool *pool, const char *name);

/* A pool whose directory went away is stopped by libvirt when it looks: starts it, empty. */
void mvm_pool_revive(MvmPool *pool);
