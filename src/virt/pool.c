/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/pool.h"

#include "util/command.h"
#include "util/error.h"
#include "util/paths.h"
#include "util/ssh.h"
#include "virt/pool-priv.h"
#include "xml/xml.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#define SYSTEM_PATH "/var/lib/libvirt/images/macvm"
#define MAX_PATH_LEN 4096

/* --- where the default pool is --------------------------------------------------------------- */

/* What the shell printed is a path only if it looks like one. */
static bool
is_sane_path(const char *path)
{
    size_t len = strlen(path);

    if (len < 2 || len > MAX_PATH_LEN || path[0] != '/' || !g_utf8_validate(path, -1, NULL))
        return false;
    for (; *path != '\0'; path++) {
        if (g_ascii_iscntrl(*path))
            return false;
    }
    return true;
}

/* The storage API has no word for "my home": the user's shell over there does. A fixed command,
 * which means the same to every login shell. */
static char *
remote_session_path(const MvmEndpoint *endpoint, GError **error)
{
    static const char *const command[] = {"printf %s \"$HOME\"", NULL};
    g_autoptr(GPtrArray) argv = NULL;
    g_autofree char *home = NULL;
    MvmSshCall call = mvm_endpoint_to_ssh(endpoint, MVM_SSH_ASKING);

    if (!endpoint->over_ssh) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                    "cannot make pool '" MVM_POOL_DEFAULT "': its directory on '%s' is unknown",
                    endpoint->host);
        mvm_error_set_hint(error, "make a pool there with virsh and name it with --pool");
        return NULL;
    }
    argv = mvm_ssh_argv(&call, command, error);
    if (argv == NULL)
        return NULL;
    home = mvm_command_run((const char *const *)argv->pdata, error);
    if (home == NULL) {
        g_prefix_error(error, "cannot find the home directory on '%s': ", endpoint->host);
        return NULL;
    }
    if (!is_sane_path(home)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                    "cannot find the home directory on '%s': its shell did not answer with a path",
                    endpoint->host);
        mvm_error_set_hint(error, "check that the login shell there prints nothing by itself");
        return NULL;
    }
    return g_build_filename(home, ".local", "share", "macvm", "images", NULL);
}

char *
mvm_pool_default_path(MvmConnection *conn, GError **error)
{
    if (!mvm_connection_is_session(conn))
        return g_strdup(SYSTEM_PATH);
    if (conn->endpoint->remote)
        return remote_session_path(conn->endpoint, error);
    return mvm_path_user_data("images");
}

/* --- finding, making, starting --------------------------------------------------------------- */

static char *
pool_xml(const char *path)
{
    g_autoptr(xmlDoc) doc = mvm_xml_new("pool");

    mvm_xml_set(doc, "/pool/@type", "dir");
    mvm_xml_set(doc, "/pool/name", MVM_POOL_DEFAULT);
    mvm_xml_set(doc, "/pool/target/path", "%s", path);
    return mvm_xml_to_text(doc);
}

/* What the pool's XML has there, or NULL. The caller frees. */
static char *
read_xml(virStoragePoolPtr pool, const char *path)
{
    char *xml = virStoragePoolGetXMLDesc(pool, 0);
    g_autoptr(xmlDoc) doc = xml != NULL ? mvm_xml_parse(xml, strlen(xml), "pool", NULL) : NULL;

    free(xml);
    return doc != NULL ? mvm_xml_get(doc, path) : NULL;
}

static char *
read_path(virStoragePoolPtr pool)
{
    return read_xml(pool, "/pool/target/path");
}

/* virStoragePoolLookupByTargetPath() does not see inactive pools. */
static virStoragePoolPtr
find_by_path(MvmConnection *conn, const char *path)
{
    virStoragePoolPtr *pools = NULL;
    virStoragePoolPtr found = NULL;
    int count = virConnectListAllStoragePools(conn->virt, &pools, 0);

    for (int i = 0; i < count; i++) {
        g_autofree char *target = found == NULL ? read_path(pools[i]) : NULL;

        if (target != NULL && g_str_equal(target, path))
            found = pools[i];
        else
            virStoragePoolFree(pools[i]);
    }
    free(pools);
    return found;
}

static virStoragePoolPtr
find_default(MvmConnection *conn, const char *path)
{
    virStoragePoolPtr pool = virStoragePoolLookupByName(conn->virt, MVM_POOL_DEFAULT);

    if (pool == NULL && path != NULL)
        pool = find_by_path(conn, path);
    return pool;
}

/* Somebody else may be making the same pool at this moment: then theirs is taken. */
static virStoragePoolPtr
make_default(MvmConnection *conn, bool *ret_made, GError **error)
{
    g_autoptr(virStoragePool) pool = find_default(conn, NULL);
    g_autofree char *path = NULL;
    g_autofree char *xml = NULL;
    g_autoptr(GError) cause = NULL;

    if (pool != NULL)
        return g_steal_pointer(&pool);
    path = mvm_pool_default_path(conn, error);
    if (path == NULL)
        return NULL;
    pool = find_default(conn, path);
    if (pool != NULL)
        return g_steal_pointer(&pool);
    xml = pool_xml(path);
    pool = virStoragePoolDefineXML(conn->virt, xml, 0);
    *ret_made = pool != NULL;
    if (pool == NULL) {
        mvm_virt_set_error(&cause, "make pool '" MVM_POOL_DEFAULT "' in '%s'", path);
        pool = find_default(conn, path);
    }
    if (pool == NULL)
        g_propagate_error(error, g_steal_pointer(&cause));
    else
        (void)virStoragePoolSetAutostart(pool, 1); /* a comfort: it is started on need as well */
    return g_steal_pointer(&pool);
}

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

/* Only a directory is made anew: to build a pool of another kind may write over what is on its
 * devices. */
static bool
is_directory(virStoragePoolPtr pool)
{
    g_autofree char *type = read_xml(pool, "/pool/@type");

    return g_strcmp0(type, "dir") == 0;
}

/* Starting fails when the directory is missing; Build makes it, and its parents. */
static bool
start(virStoragePoolPtr pool, const char *name, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (virStoragePoolIsActive(pool) == 1 || virStoragePoolCreate(pool, 0) == 0)
        return true;
    mvm_virt_set_error(&cause, "start storage pool '%s'", name);
    if (is_directory(pool)) {
        if (virStoragePoolBuild(pool, 0) == 0 && virStoragePoolCreate(pool, 0) == 0)
            return true;
        g_clear_error(&cause);
        mvm_virt_set_error(&cause, "start storage pool '%s'", name);
    }
    /* Another process may have been first. */
    if (virStoragePoolIsActive(pool) == 1)
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

void
mvm_pool_revive(MvmPool *pool)
{
    (void)start(pool->virt, pool->name, NULL);
}

/* Refused while a job of the pool runs. */
static void
refresh(MvmPool *pool)
{
    if (virStoragePoolRefresh(pool->virt, 0) < 0)
        mvm_pool_revive(pool);
}

static MvmPool *
pool_new(MvmConnection *conn, virStoragePoolPtr virt, GError **error)
{
    g_autoptr(virStoragePool) owned = virt;
    g_autoptr(MvmPool) pool = NULL;
    g_autofree char *name = g_strdup(virStoragePoolGetName(virt));

    if (!start(virt, name, error))
        return NULL;
    pool = g_new0(MvmPool, 1);
    pool->conn = conn;
    pool->virt = g_steal_pointer(&owned);
    pool->name = g_steal_pointer(&name);
    pool->path = read_path(pool->virt);
    if (pool->path == NULL)
        pool->path = g_strdup("");
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
    bool made = false;
    virStoragePoolPtr virt =
        is_default(name) ? make_default(conn, &made, error) : find_named(conn, name, error);
    MvmPool *pool = NULL;

    if (virt == NULL)
        return NULL;
    if (made)
        virStoragePoolRef(virt);
    pool = pool_new(conn, virt, error);
    /* One that cannot be started, because of where it is, would stand in the way of a better one.
     */
    if (made && pool == NULL)
        (void)virStoragePoolUndefine(virt);
    if (made)
        mvm_virt_pool_free(virt);
    return pool;
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
        virt = find_default(conn, path);
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
    *ret_path = virt != NULL ? read_path(virt) : NULL;
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
    refresh(pool);
    return virStorageVolLookupByName(pool->virt, name);
}

virStorageVolPtr
mvm_pool_find_volume(MvmPool *pool, const char *name)
{
    virStorageVolPtr vol = virStorageVolLookupByName(pool->virt, name);

    if (vol == NULL && mvm_virt_last_code() == VIR_ERR_NO_STORAGE_VOL) {
        refresh(pool);
        vol = virStorageVolLookupByName(pool->virt, name);
    }
    return vol;
}
