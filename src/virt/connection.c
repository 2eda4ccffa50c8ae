/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/connection.h"

#include "util/error.h"
#include "util/file.h"
#include "virt/connection-priv.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Without keep-alive a cut link is noticed only by TCP's own time-outs. In seconds, and probes. */
#define KEEPALIVE_INTERVAL 5
#define KEEPALIVE_COUNT 5

#define CONF_MAX (64 * 1024)

/* The file has one setting a line. */
static bool
file_sets_uri(const char *path)
{
    g_autofree char *text = mvm_file_read(path, CONF_MAX, NULL, NULL);

    return text != NULL && g_regex_match_simple("^[ \\t]*uri_default[ \\t]*=", text,
                                                G_REGEX_MULTILINE | G_REGEX_RAW, 0);
}

/* Where libvirt itself looks for a URI when a user gives none; /etc's file is root's. */
static bool
has_default_uri(void)
{
    g_autofree char *own = g_build_filename(g_get_user_config_dir(), "libvirt/libvirt.conf", NULL);

    return g_getenv("LIBVIRT_DEFAULT_URI") != NULL ||
           g_getenv("VIRSH_DEFAULT_CONNECT_URI") != NULL || file_sets_uri(own);
}

static virConnectPtr
open_virt(const char *uri)
{
    virConnectPtr virt = virConnectOpenAuth(uri, virConnectAuthPtrDefault, 0);

    /* What a desktop user has without setting anything up. A URI that was asked for and does not
     * answer is never replaced by another one. */
    if (virt == NULL && uri == NULL && geteuid() != 0 && !has_default_uri()) {
        virt = virConnectOpenAuth("qemu:///session", virConnectAuthPtrDefault, 0);
    }
    return virt;
}

static bool
is_session_path(const MvmEndpoint *endpoint)
{
    return endpoint->path != NULL && g_str_equal(endpoint->path, "/session");
}

/* A daemon that runs as root confines guests to another user and says so in its capabilities; the
 * name that somebody logs in with over there proves nothing. */
static bool
far_daemon_is_privileged(virConnectPtr virt)
{
    char *caps = virConnectGetCapabilities(virt);
    bool privileged = caps != NULL && strstr(caps, "<model>dac</model>") != NULL;

    free(caps);
    return privileged;
}

static bool
is_session(virConnectPtr virt, const MvmEndpoint *endpoint)
{
    if (!is_session_path(endpoint))
        return false;
    return endpoint->remote ? !far_daemon_is_privileged(virt) : geteuid() != 0;
}

static bool
cannot_connect(const char *uri, GError **error)
{
    if (uri != NULL)
        mvm_virt_set_error(error, "connect to libvirt at '%s'", uri);
    else
        mvm_virt_set_error(error, "connect to libvirt");
    if (error == NULL || *error == NULL)
        return false;
    (*error)->code = MVM_ERROR_HOST;
    /* What breaks before it stands was not there. */
    if (g_strcmp0(mvm_error_get_hint(*error), MVM_VIRT_LOST_HINT) == 0)
        mvm_error_set_hint(error, "check that libvirt (or sshd, for a remote host) runs there, and "
                                  "lets you in");
    return false;
}

MvmConnection *
mvm_connection_open(const char *uri, GError **error)
{
    g_autoptr(MvmConnection) conn = g_new0(MvmConnection, 1);
    g_autofree char *resolved = NULL;
    char *raw = NULL;

    mvm_virt_silence();
    if (virEventRegisterDefaultImpl() < 0 || (conn->virt = open_virt(uri)) == NULL) {
        (void)cannot_connect(uri, error);
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
    conn->session = is_session(conn->virt, conn->endpoint);
    /* Drivers without keep-alive (test, local sockets of old daemons) answer with an error. */
    (void)virConnectSetKeepAlive(conn->virt, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT);
    return g_steal_pointer(&conn);
}

bool
mvm_connection_reopen(MvmConnection *conn, GError **error)
{
    virConnectPtr virt = virConnectOpenAuth(conn->endpoint->uri, virConnectAuthPtrDefault, 0);

    if (virt == NULL)
        return mvm_virt_set_error(error, "connect again to libvirt at '%s'", conn->endpoint->uri);
    (void)virConnectSetKeepAlive(virt, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT);
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
    g_free(conn);
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

    if (domain == NULL)
        mvm_virt_set_error(error, "find machine '%s'", name);
    return domain;
}
