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
