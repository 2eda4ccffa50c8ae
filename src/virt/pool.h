/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Storage pools: the directories of the libvirt host in which machines keep their images.
 * https://libvirt.org/formatstorage.html
 */
#pragma once

#include "virt/connection.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The pool that macvm makes by itself. */
#define MVM_POOL_DEFAULT "macvm"

/* An active pool. It borrows the connection, which must outlive it. */
typedef struct MvmPool MvmPool;

/* The pool called name, started when it is not active, and looked through now. NULL or
 * MVM_POOL_DEFAULT means the default pool, which is created on first need (autostarted) in
 *   $XDG_DATA_HOME/macvm/images         for a session on this machine,
 *   ~/.local/share/macvm/images         for a session on another one (asked for by ssh),
 *   /var/lib/libvirt/images/macvm       for the system daemon;
 * a pool that has this directory under another name is taken instead. Any other name must exist:
 * MVM_ERROR_NOT_FOUND otherwise, with the pools there are as the hint. Only a pool that is created
 * now gets a directory: where that of another one is not there, its drive may not be mounted, which
 * is MVM_ERROR_CONFLICT. Callers that come at once get the same pool. The caller frees. */
MvmPool *mvm_pool_ensure(MvmConnection *conn, const char *name, GError **error);

/* The same for a machine whose images are in the directory dir: neither is the directory created,
 * nor a default pool in another one. No pool, or no directory, is MVM_ERROR_CONFLICT. */
MvmPool *mvm_pool_ensure_for(MvmConnection *conn, const char *name, const char *dir,
                             GError **error);

/* Says that; returns false. */
bool mvm_pool_set_missing(const char *name, const char *dir, GError **error);

/* The same as mvm_pool_ensure(), but no pool is created: MVM_ERROR_NOT_FOUND when there is none. */
MvmPool *mvm_pool_open(MvmConnection *conn, const char *name, GError **error);

/* The same as mvm_pool_open(), but the pool is left as it is: for a dry run. Of one that is not
 * active (*ret_active) no more than the name and the path can be had. */
MvmPool *mvm_pool_look(MvmConnection *conn, const char *name, bool *ret_active, GError **error);

/* Whether there is such a pool, *ret_exists, and whether it is active; *ret_path is its directory
 * (the caller frees), NULL when there is no pool. Unlike mvm_pool_open() this starts nothing. */
bool mvm_pool_inspect(MvmConnection *conn, const char *name, bool *ret_exists, bool *ret_active,
                      char **ret_path, GError **error);

/* The directory that the default pool has, or would have if it were made now; the caller frees.
 * Fails where only the remote host's shell knows it, and that does not answer. */
char *mvm_pool_default_path(MvmConnection *conn, GError **error);
void mvm_pool_free(MvmPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmPool, mvm_pool_free)

/* Borrowed. */
const char *mvm_pool_get_name(const MvmPool *pool);

/* The directory on the libvirt host, "" for a pool that has none. Borrowed. */
const char *mvm_pool_get_path(const MvmPool *pool);

/* Bytes still free in the pool. libvirt counts those that the file system keeps for root; where the
 * directory is on this machine they are left out. */
bool mvm_pool_get_available(MvmPool *pool, uint64_t *ret_bytes, GError **error);
