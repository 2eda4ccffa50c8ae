/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/pool.h"

#include "util/error.h"
#include "util/words.h"
#include "virt/pool-priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Somebody else starts it in milliseconds. In microseconds. */
#define START_TRIES 40
#define START_PAUSE (50 * 1000)

/* --- finding, starting ------------------------------------------------------------------------ */

static char *
list_names(MvmConnection *conn)
{
    g_autoptr(GString) names = g_string_new(NULL);
    virStoragePoolPtr *pools = NULL;
    int count = virConnectListAllStoragePools(conn->virt, &pools, 0);

    for (int i = 0; i < count; i++) {
        g_string_append_printf(names, "%s'%s'", i > 0 ? ", " : "", virStoragePoolGetName(pools[i]));
        virStoragePoolFree(pools[i]);
    }
    free(pools);
    return g_string_free(g_steal_pointer(&names), FALSE);
}

static virStoragePoolPtr
find_named(MvmConnection *conn, const char *name, GError **error)
{
    virStoragePoolPtr pool = virStoragePoolLookupByName(conn->virt, name);
    bool absent = pool == NULL && mvm_virt_last_code() == VIR_ERR_NO_STORAGE_POOL;
    g_autofree char *names = NULL;

    if (pool != NULL)
        return pool;
    mvm_virt_set_error(error, "find storage pool '%s'", name);
    if (!absent)
        return NULL;
    names = list_names(conn);
    if (*names != '\0')
        mvm_error_set_hint(error, "the pools there are: %s", names);
    else
        mvm_error_set_hint(error, "there is no pool yet: leave --pool out and macvm makes one");
    return NULL;
}

static bool
is_directory(virStoragePoolPtr pool)
{
    g_autofree char *type = mvm_pool_read_xml(pool, "/pool/@type");

    return g_strcmp0(type, "dir") == 0;
}

void
mvm_pool_set_directory_gone(const char *name, const char *path, bool defined, GError **error)
{
    g_autofree char *word = mvm_word_quote(name);

    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot start storage pool '%s': its directory '%s' is not there", name, path);
    if (defined)
        mvm_error_set_hint(error,
                           "is its drive mounted? To begin with an empty directory, run 'virsh "
                           "pool-build %s'",
                           word);
    else
        mvm_error_set_hint(error, "is its drive mounted?");
}

bool
mvm_pool_is_missing_file(void)
{
    virErrorPtr last = virGetLastError();

    return last != NULL && last->code == VIR_ERR_SYSTEM_ERROR && last->int1 == ENOENT;
}

/* Another process may have been first, and be about to start it. */
static bool
becomes_active(virStoragePoolPtr pool, int code)
{
    for (int i = 0; code == VIR_ERR_OPERATION_INVALID && i < START_TRIES; i++) {
        if (virStoragePoolIsActive(pool) == 1)
            return true;
        g_usleep(START_PAUSE);
    }
    return virStoragePoolIsActive(pool) == 1;
}

/* The directory is never created here: in the place of a drive that is not mounted, it would be a
 * new, empty one. */
static bool
start(virStoragePoolPtr pool, const char *name, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *path = NULL;
    bool missing = false;
    int code = 0;

    if (virStoragePoolIsActive(pool) == 1 || virStoragePoolCreate(pool, 0) == 0)
        return true;
    code = mvm_virt_last_code();
    missing = mvm_pool_is_missing_file();
    mvm_virt_set_error(&cause, "start storage pool '%s'", name);
    if (becomes_active(pool, code))
        return true;
    if (missing && is_directory(pool)) {
        path = mvm_pool_read_xml(pool, MVM_POOL_XML_PATH);
        mvm_pool_set_directory_gone(name, path, true, error);
    } else {
        g_propagate_error(error, g_steal_pointer(&cause));
    }
    return false;
}

bool
mvm_pool_revive(MvmPool *pool, GError **error)
{
    return pool->look_only || start(pool->virt, pool->name, error);
}

/* Refused while a job of the pool runs. */
static bool
refresh(MvmPool *pool, GError **error)
{
    return virStoragePoolRefresh(pool->virt, 0) == 0 || mvm_pool_revive(pool, error);
}

static MvmPool *
pool_wrap(MvmConnection *conn, virStoragePoolPtr virt)
{
    MvmPool *pool = g_new0(MvmPool, 1);

    pool->conn = conn;
    pool->virt = virt;
    pool->name = g_strdup(virStoragePoolGetName(virt));
    pool->path = mvm_pool_read_xml(virt, MVM_POOL_XML_PATH);
    if (pool->path == NULL)
        pool->path = g_strdup("");
    return pool;
}

/* What is decided by what is in the pool is decided by what is in it now. */
static MvmPool *
pool_new(MvmConnection *conn, virStoragePoolPtr virt, GError **error)
{
    g_autoptr(MvmPool) pool = pool_wrap(conn, virt);
    bool active = virStoragePoolIsActive(virt) == 1;

    if (!start(virt, pool->name, error) || (active && !refresh(pool, error)))
        return NULL;
    return g_steal_pointer(&pool);
}

static bool
is_default(const char *name)
{
    return name == NULL || g_str_equal(name, MVM_POOL_DEFAULT);
}

MvmPool *
mvm_pool_ensure(MvmConnection *conn, const char *name, GError **error)
{
    virStoragePoolPtr virt =
        is_default(name) ? mvm_pool_make_default(conn, error) : find_named(conn, name, error);

    return virt != NULL ? pool_new(conn, virt, error) : NULL;
}

/* NULL with MVM_ERROR_NOT_FOUND when there is no such pool; nothing is made or started. */
static virStoragePoolPtr
find_existing(MvmConnection *conn, const char *name, GError **error)
{
    g_autofree char *path = NULL;
    virStoragePoolPtr virt = NULL;

    /* A question to a remote shell is not worth it: there the name has to do. */
    if (is_default(name) && !(mvm_connection_is_session(conn) && conn->endpoint->remote))
        path = mvm_pool_default_path(conn, NULL);
    if (is_default(name))
        virt = mvm_pool_find_default(conn, path);
    if (virt == NULL)
        virt = find_named(conn, is_default(name) ? MVM_POOL_DEFAULT : name, error);
    return virt;
}

MvmPool *
mvm_pool_open(MvmConnection *conn, const char *name, GError **error)
{
    virStoragePoolPtr virt = find_existing(conn, name, error);

    return virt != NULL ? pool_new(conn, virt, error) : NULL;
}

bool
mvm_pool_set_missing(const char *name, const char *dir, GError **error)
{
    const char *shown = is_default(name) ? MVM_POOL_DEFAULT : name;
    g_autofree char *word = mvm_word_quote(shown), *dir_word = mvm_word_quote(dir);

    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot find storage pool '%s': the machine's images are in '%s', and no pool of "
                "that name is defined",
                shown, dir);
    mvm_error_set_hint(error,
                       "'virsh pool-define-as %s dir --target %s' defines it again; then run this "
                       "command again",
                       word, dir_word);
    return false;
}

MvmPool *
mvm_pool_ensure_for(MvmConnection *conn, const char *name, const char *dir, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *path = NULL;
    virStoragePoolPtr virt = find_existing(conn, name, &cause);

    if (virt == NULL && !g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    if (virt == NULL && is_default(name) && (path = mvm_pool_default_path(conn, error)) == NULL)
        return NULL;
    if (virt == NULL && g_strcmp0(path, dir) != 0) {
        (void)mvm_pool_set_missing(name, dir, error);
        return NULL;
    }
    if (virt == NULL)
        virt = mvm_pool_create_default(conn, path, false, error);
    return virt != NULL ? pool_new(conn, virt, error) : NULL;
}

/* Where the directory can be seen from here, a dry run refuses what would be refused. */
static bool
check_directory(MvmPool *pool, GError **error)
{
    if (pool->conn->endpoint->remote || !is_directory(pool->virt) ||
        access(pool->path, F_OK) == 0 || errno != ENOENT)
        return true;
    mvm_pool_set_directory_gone(pool->name, pool->path, true, error);
    return false;
}

MvmPool *
mvm_pool_look(MvmConnection *conn, const char *name, bool *ret_active, GError **error)
{
    virStoragePoolPtr virt = find_existing(conn, name, error);
    g_autoptr(MvmPool) pool = virt != NULL ? pool_wrap(conn, virt) : NULL;

    if (pool == NULL)
        return NULL;
    pool->look_only = true;
    *ret_active = virStoragePoolIsActive(virt) == 1;
    return check_directory(pool, error) ? g_steal_pointer(&pool) : NULL;
}

bool
mvm_pool_inspect(MvmConnection *conn, const char *name, bool *ret_exists, bool *ret_active,
                 char **ret_path, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(virStoragePool) virt = find_existing(conn, name, &cause);

    if (virt == NULL && !g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    *ret_exists = virt != NULL;
    *ret_active = virt != NULL && virStoragePoolIsActive(virt) == 1;
    *ret_path = virt != NULL ? mvm_pool_read_xml(virt, MVM_POOL_XML_PATH) : NULL;
    return true;
}

void
mvm_pool_free(MvmPool *pool)
{
    if (pool == NULL)
        return;
    mvm_virt_pool_free(pool->virt);
    g_free(pool->name);
    g_free(pool->path);
    g_free(pool);
}

const char *
mvm_pool_get_name(const MvmPool *pool)
{
    return pool->name;
}

const char *
mvm_pool_get_path(const MvmPool *pool)
{
    return pool->path;
}

bool
mvm_pool_get_available(MvmPool *pool, uint64_t *ret_bytes, GError **error)
{
    virStoragePoolInfo info;
    struct statvfs fs;

    if (virStoragePoolGetInfo(pool->virt, &info) < 0)
        return mvm_virt_set_error(error, "read storage pool '%s'", pool->name);
    *ret_bytes = info.available;
    if (!pool->conn->endpoint->remote && statvfs(pool->path, &fs) == 0)
        *ret_bytes = MIN(*ret_bytes, (uint64_t)fs.f_bavail * fs.f_frsize);
    return true;
}

virStorageVolPtr
mvm_pool_find_volume_again(MvmPool *pool, const char *name)
{
    (void)refresh(pool, NULL);
    return virStorageVolLookupByName(pool->virt, name);
}

virStorageVolPtr
mvm_pool_find_volume(MvmPool *pool, const char *name)
{
    virStorageVolPtr vol = virStorageVolLookupByName(pool->virt, name);

    if (vol == NULL && mvm_virt_last_code() == VIR_ERR_NO_STORAGE_VOL) {
        (void)refresh(pool, NULL);
        vol = virStorageVolLookupByName(pool->virt, name);
    }
    return vol;
}
