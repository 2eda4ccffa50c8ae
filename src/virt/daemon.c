/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt has no call that names the daemon that answers. On this machine the socket does: libvirt
 * connects to one of a fixed name (https://libvirt.org/daemons.html), and a name's peer is read
 * from the descriptor that libvirt's client has open.
 */
#include "virt/connection-priv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define FD_DIR "/proc/self/fd"

/* "virtqemud" of ".../virtqemud-sock"; libvirtd's is called after the whole. NULL for other names.
 */
static char *
daemon_of_socket(const char *path)
{
    g_autofree char *name = g_path_get_basename(path);
    char *end = strstr(name, "-sock");

    if (end == NULL || (!g_str_has_prefix(name, "virt") && !g_str_has_prefix(name, "libvirt")))
        return NULL;
    *end = '\0';
    return g_str_equal(name, "libvirt") ? g_strdup("libvirtd") : g_strdup(name);
}

/* For a socket of another name, who listens there, when /proc shows it. */
static char *
daemon_of_peer(int fd)
{
    struct ucred peer = {0};
    socklen_t len = sizeof peer;
    g_autofree char *path = NULL, *name = NULL;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.pid <= 0)
        return NULL;
    path = g_strdup_printf("/proc/%d/comm", (int)peer.pid);
    if (!g_file_get_contents(path, &name, NULL, NULL))
        return NULL;
    g_strchomp(name);
    return g_str_equal(name, "libvirtd") || (g_str_has_prefix(name, "virt") && *name != '\0')
               ? g_steal_pointer(&name)
               : NULL;
}

static char *
daemon_of_fd(int fd)
{
    struct sockaddr_un address = {0};
    socklen_t len = sizeof address - 1;
    char *daemon = NULL;

    if (getpeername(fd, (struct sockaddr *)&address, &len) < 0 || address.sun_family != AF_UNIX ||
        address.sun_path[0] != '/')
        return NULL;
    daemon = daemon_of_socket(address.sun_path);
    return daemon != NULL ? daemon : daemon_of_peer(fd);
}

char *
mvm_connection_get_daemon(const MvmConnection *conn)
{
    g_autoptr(GDir) dir = conn->endpoint->remote ? NULL : g_dir_open(FD_DIR, 0, NULL);
    const char *name = NULL;
    char *daemon = NULL;

    while (daemon == NULL && dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        daemon = daemon_of_fd(atoi(name));
    return daemon;
}
