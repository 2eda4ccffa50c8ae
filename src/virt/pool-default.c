/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pool that macvm makes by itself: where it is, and defining it. */
#include "util/command.h"
#include "util/error.h"
#include "util/paths.h"
#include "util/ssh.h"
#include "virt/pool-priv.h"
#include "xml/xml.h"

#include <stdlib.h>
#include <string.h>

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

/* --- finding and defining it ----------------------------------------------------------------- */

static char *
pool_xml(const char *path)
{
    g_autoptr(xmlDoc) doc = mvm_xml_new("pool");

    mvm_xml_set(doc, "/pool/@type", "dir");
    mvm_xml_set(doc, "/pool/name", MVM_POOL_DEFAULT);
    mvm_xml_set(doc, "/pool/target/path", "%s", path);
    return mvm_xml_to_text(doc);
}

char *
mvm_pool_read_xml(virStoragePoolPtr pool, const char *path)
{
    char *xml = virStoragePoolGetXMLDesc(pool, 0);
    g_autoptr(xmlDoc) doc = xml != NULL ? mvm_xml_parse(xml, strlen(xml), "pool", NULL) : NULL;

    free(xml);
    return doc != NULL ? mvm_xml_get(doc, path) : NULL;
}

/* virStoragePoolLookupByTargetPath() does not see inactive pools. */
static virStoragePoolPtr
find_by_path(MvmConnection *conn, const char *path)
{
    virStoragePoolPtr *pools = NULL;
    virStoragePoolPtr found = NULL;
    int count = virConnectListAllStoragePools(conn->virt, &pools, 0);

    for (int i = 0; i < count; i++) {
        g_autofree char *target =
            found == NULL ? mvm_pool_read_xml(pools[i], MVM_POOL_XML_PATH) : NULL;

        if (target != NULL && g_str_equal(target, path))
            found = pools[i];
        else
            virStoragePoolFree(pools[i]);
    }
    free(pools);
    return found;
}

virStoragePoolPtr
mvm_pool_find_default(MvmConnection *conn, const char *path)
{
    virStoragePoolPtr pool = virStoragePoolLookupByName(conn->virt, MVM_POOL_DEFAULT);

    if (pool == NULL && path != NULL)
        pool = find_by_path(conn, path);
    return pool;
}

/* Running first, defined after: whatever interrupts this, there is no definition without its
 * directory, which would look like a drive that is not mounted. */
static virStoragePoolPtr
create(MvmConnection *conn, const char *path, bool build)
{
    unsigned flags = build ? VIR_STORAGE_POOL_CREATE_WITH_BUILD : VIR_STORAGE_POOL_CREATE_NORMAL;
    g_autofree char *xml = pool_xml(path);
    g_autoptr(virStoragePool) running = virStoragePoolCreateXML(conn->virt, xml, flags);
    char *with_uuid = running != NULL ? virStoragePoolGetXMLDesc(running, 0) : NULL;
    virStoragePoolPtr pool =
        with_uuid != NULL ? virStoragePoolDefineXML(conn->virt, with_uuid, 0) : NULL;

    free(with_uuid);
    if (pool != NULL)
        (void)virStoragePoolSetAutostart(pool, 1); /* a comfort: it is started on need as well */
    return pool;
}

/* Somebody else may be creating the same pool at this moment: then theirs is taken. */
virStoragePoolPtr
mvm_pool_create_default(MvmConnection *conn, const char *path, bool build, GError **error)
{
    virStoragePoolPtr pool = create(conn, path, build);
    g_autoptr(GError) cause = NULL;

    if (pool != NULL)
        return pool;
    if (!build && mvm_pool_is_missing_file())
        mvm_pool_set_directory_gone(MVM_POOL_DEFAULT, path, false, &cause);
    else
        mvm_virt_set_error(&cause, "create storage pool '" MVM_POOL_DEFAULT "' in '%s'", path);
    pool = mvm_pool_find_default(conn, path);
    if (pool == NULL)
        g_propagate_error(error, g_steal_pointer(&cause));
    return pool;
}

virStoragePoolPtr
mvm_pool_make_default(MvmConnection *conn, GError **error)
{
    virStoragePoolPtr pool = mvm_pool_find_default(conn, NULL);
    g_autofree char *path = NULL;

    if (pool != NULL)
        return pool;
    path = mvm_pool_default_path(conn, error);
    if (path == NULL)
        return NULL;
    pool = mvm_pool_find_default(conn, path);
    return pool != NULL ? pool : mvm_pool_create_default(conn, path, true, error);
}
