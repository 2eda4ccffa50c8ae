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
    bool look_only; /* nothing may be started for it */
};

/* The volume called name, or NULL. A volume made behind libvirt's back is found too: the pool is
 * looked through once more before the answer is no. The caller frees. */
virStorageVolPtr mvm_pool_find_volume(MvmPool *pool, const char *name);

/* The same where libvirt lists a volume that cannot be read: looks through the pool first. */
virStorageVolPtr mvm_pool_find_volume_again(MvmPool *pool, const char *name);

/* A pool whose directory went away is stopped by libvirt when it looks: starts it again, unless the
 * directory is still away. */
bool mvm_pool_revive(MvmPool *pool, GError **error);

/*
 * pool-default.c
 */

#define MVM_POOL_XML_PATH "/pool/target/path"

/* What the pool's XML has at that place (XPath), or NULL. The caller frees. */
char *mvm_pool_read_xml(virStoragePoolPtr pool, const char *path);

/* The default pool, by its name or (path not NULL) by its directory; NULL when there is none. */
virStoragePoolPtr mvm_pool_find_default(MvmConnection *conn, const char *path);

/* Creates it in the directory path, and starts it. build: the directory is created, too; without,
 * one that is not there is MVM_ERROR_CONFLICT. */
virStoragePoolPtr mvm_pool_create_default(MvmConnection *conn, const char *path, bool build,
                                          GError **error);

/* Finds it, or creates it where it is by default. */
virStoragePoolPtr mvm_pool_make_default(MvmConnection *conn, GError **error);

/* Whether libvirt's last error is that a file is not there. */
bool mvm_pool_is_missing_file(void);

/* Sets the error for a pool called name, defined or about to be, whose directory is not there. */
void mvm_pool_set_directory_gone(const char *name, const char *path, bool defined, GError **error);
