/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/connection.h"

#include "util/error.h"
#include "virt/connect.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_DEFINITIONS "/etc/libvirt"

static bool
is_session_path(const MvmEndpoint *endpoint)
{
    return endpoint->path != NULL && g_str_equal(endpoint->path, "/session");
}

static bool
is_session(const MvmEndpoint *endpoint, bool privileged)
{
    if (!is_session_path(endpoint))
        return false;
    return endpoint->remote ? !privileged : geteuid() != 0;
}

/* What breaks before it stands was not there. */
static void
blame_host(GError **error)
{
    if (error == NULL || *error == NULL || g_error_matches(*error, MVM_ERROR, MVM_ERROR_CANCELLED))
        return;
    (*error)->code = MVM_ERROR_HOST;
    if (g_strcmp0(mvm_error_get_hint(*error), MVM_VIRT_LOST_HINT) == 0)
        mvm_error_set_hint(error, "check that libvirt (or sshd, for a remote host) runs there, and "
                                  "lets you in");
}

MvmConnection *
mvm_connection_open(const char *uri, unsigned timeout, GError **error)
{
    g_autoptr(MvmConnection) conn = g_new0(MvmConnection, 1);
    g_autofree char *resolved = NULL;
    bool privileged = false;
    char *raw = NULL;

    mvm_virt_silence();
    if (virEventRegisterDefaultImpl() < 0) {
        mvm_virt_set_error(error, "connect to libvirt");
        return NULL;
    }
    conn->timeout = timeout;
    conn->virt = mvm_virt_connect(uri, timeout, &privileged, error);
    if (conn->virt == NULL) {
        blame_host(error);
        return NULL;
    }
    raw = virConnectGetURI(conn->virt);
    if (raw == NULL) {
        mvm_virt_set_error(error, "read the connection's URI");
        return NULL;
    }
    resolved = g_strdup(raw);
    free(raw);
    conn->endpoint = mvm_endpoint_parse(resolved, error);
    if (conn->endpoint == NULL)
        return NULL;
    conn->session = is_session(conn->endpoint, privileged);
    return g_steal_pointer(&conn);
}

bool
mvm_connection_reopen(MvmConnection *conn, GError **error)
{
    bool privileged = false;
    virConnectPtr virt = mvm_virt_connect(conn->endpoint->uri, conn->timeout, &privileged, error);

    if (virt == NULL)
        return false;
    virConnectClose(conn->virt);
    conn->virt = virt;
    return true;
}

bool
mvm_connection_is_alive(const MvmConnection *conn)
{
    return virConnectIsAlive(conn->virt) == 1;
}

void
mvm_connection_free(MvmConnection *conn)
{
    if (conn == NULL)
        return;
    if (conn->virt != NULL)
        virConnectClose(conn->virt);
    mvm_endpoint_free(conn->endpoint);
    g_clear_pointer(&conn->noted, g_hash_table_unref);
    g_free(conn);
}

void
mvm_connection_set_notes(MvmConnection *conn, MvmProgress *notes)
{
    conn->notes = notes;
}

void
mvm_connection_note(MvmConnection *conn, const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    if (conn->noted == NULL)
        conn->noted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (g_hash_table_add(conn->noted, text))
        mvm_progress_note(conn->notes, "%s", text);
}

const MvmEndpoint *
mvm_connection_get_endpoint(const MvmConnection *conn)
{
    return conn->endpoint;
}

bool
mvm_connection_is_session(const MvmConnection *conn)
{
    return conn->session;
}

/* A daemon on this machine is known by the directory of its definitions, which all who reach it
 * share, however they come: the URI alone is the same for every user, and in every container. */
char *
mvm_connection_dup_key(const MvmConnection *conn)
{
    g_autofree char *own = g_build_filename(g_get_user_config_dir(), "libvirt", NULL);
    struct stat st = {0};

    if (conn->endpoint->remote || stat(conn->session ? own : SYSTEM_DEFINITIONS, &st) < 0)
        return g_strdup(conn->endpoint->uri);
    return g_strdup_printf("%s %ju:%ju", conn->session ? "session" : "system", (uintmax_t)st.st_dev,
                           (uintmax_t)st.st_ino);
}

bool
mvm_connection_is_root_session(const MvmConnection *conn)
{
    return is_session_path(conn->endpoint) && !conn->session;
}

unsigned long
mvm_connection_get_lib_version(const MvmConnection *conn)
{
    unsigned long version = 0;

    (void)virConnectGetLibVersion(conn->virt, &version);
    return version;
}

virDomainPtr
mvm_virt_lookup(MvmConnection *conn, const char *name, GError **error)
{
    virDomainPtr domain = virDomainLookupByName(conn->virt, name);

    if (domain != NULL)
        return domain;
    mvm_virt_set_error(error, "find machine '%s'", name);
    if (error != NULL && g_error_matches(*error, MVM_ERROR, MVM_ERROR_NOT_FOUND) &&
        virConnectListAllDomains(conn->virt, NULL, 0) == 0)
        mvm_error_set_hint(error, "there is no machine on this connection yet: 'macvm define' "
                                  "creates one");
    return NULL;
}
