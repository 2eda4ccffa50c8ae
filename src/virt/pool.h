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

/* The pool called name, started when it is not active. NULL or MVM_POOL_DEFAULT means the default
 * pool, which is made on first need (autostarted) in
 *   $XDG_DATA_HOME/macvm/images         for a session on this machine,
 *   ~/.local/share/macvm/images         for a session on another one (asked for by ssh),
 *   /var/lib/libvirt/images/macvm       for the system daemon;
 * a pool that has this directory under another name is taken instead. Any other name must exist:
 * MVM_ERROR_NOT_FOUND otherwise, with the pools there are as the hint. Callers that come at once
 * get the same pool. The caller frees. */
MvmPool *mvm_pool_ensure(MvmConnection *conn, const char *name, GError **error);

/* The same, but nothing is made: MVM_ERROR_NOT_FOUND when there is no such pool yet. */
MvmPool *mvm_pool_open(MvmConnection *conn, const char *name, GError **error);

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
