/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt is one daemon (libvirtd) or several (virtqemud, virtstoraged, virtnetworkd), and the one
 * of a user or the system's; over ssh, a program there connects to it. Which of them failed, and
 * how, is in the message alone: https://libvirt.org/daemons.html
 */
#include "virt/error-priv.h"

#include <glib.h>
#include <string.h>

#define INSTALL_DAEMON                                                                             \
    "install libvirt's daemon with its QEMU driver (Debian: libvirt-daemon and "                   \
    "libvirt-daemon-driver-qemu, Fedora: libvirt-daemon-kvm)"
#define START_DAEMON                                                                               \
    "start libvirt: 'systemctl enable --now libvirtd.socket', or where it is several daemons "     \
    "'systemctl enable --now virtqemud.socket virtstoraged.socket virtnetworkd.socket'"
#define START_MODULAR                                                                              \
    "start libvirt's daemons: 'systemctl enable --now virtqemud.socket virtstoraged.socket "       \
    "virtnetworkd.socket'; where libvirt is one daemon: 'systemctl enable --now libvirtd.socket'"
#define SESSION_DAEMON                                                                             \
    "libvirt starts this daemon by itself where it is installed: " INSTALL_DAEMON                  \
    ", or use -c qemu:///system"
#define OWN_SOCKET                                                                                 \
    "check the path after socket= in the URI, and that a daemon of libvirt listens there"

/* Below it, ports are root's. */
#define FIRST_USER_PORT 1024

/* The first row whose texts are all in the message counts; NULL fits everything. */
static const struct {
    const char *text, *also;
    const char *hint;
} rows[] = {
    {"binary '", "does not exist in $PATH", SESSION_DAEMON},
    {"nc: not found", NULL,
     "a URI with socket= or proxy=netcat needs nc on the host: install it there (Debian: "
     "netcat-openbsd), or leave that out of the URI"},
    {"nc: command not found", NULL,
     "a URI with socket= or proxy=netcat needs nc on the host: install it there (Debian: "
     "netcat-openbsd), or leave that out of the URI"},
    {"virt-ssh-helper: not found", NULL, "install libvirt's daemon on that host"},
    {"virt-ssh-helper: command not found", NULL, "install libvirt's daemon on that host"},
    {"no polkit agent", NULL,
     "log in where polkit can ask for a password (a desktop, or pkttyagent), or add yourself to "
     "the group 'libvirt' and log in again, or use -c qemu:///session"},
    {"system bus", NULL,
     "libvirt asks polkit through the system bus: start dbus and polkit, or use -c "
     "qemu:///session"},
    {"ssh: connect to host", "Connection refused",
     "check the port in the URI, and that sshd runs on that host"},
    {"ssh: connect to host", NULL, "check that the host is up and reachable"},
    {"unable to connect to server at", "Connection refused",
     "check the port in the URI, and that libvirt listens there: 'systemctl enable --now "
     "virtproxyd-tls.socket', or libvirtd-tls.socket; or use qemu+ssh://"},
    {"unable to connect to server at", NULL, "check that the host is up and reachable"},
};

/* How connecting to the socket of a daemon failed. */
typedef struct {
    bool session; /* it is a user's own */
    bool modular; /* one of several daemons */
    bool own;     /* a socket that the URI names */
} Socket;

static bool
parse_socket(const char *message, Socket *ret_socket)
{
    static const char begin[] = "socket to '";
    const char *start = strstr(message, begin);
    g_autofree char *path = NULL, *name = NULL;

    if (start == NULL)
        return false;
    start += strlen(begin);
    path = g_strndup(start, strcspn(start, "'"));
    name = g_path_get_basename(path);
    ret_socket->modular = g_str_has_prefix(name, "virt") && strstr(name, "d-sock") != NULL;
    ret_socket->own = !ret_socket->modular && !g_str_has_prefix(name, "libvirt-sock");
    ret_socket->session = strstr(path, "/run/user/") != NULL ||
                          strstr(path, "/.cache/libvirt/") != NULL ||
                          g_str_has_prefix(path, g_get_user_runtime_dir());
    return true;
}

static const char *
denied_hint(const Socket *socket)
{
    if (socket->session)
        return "that directory and its socket must be yours: check XDG_RUNTIME_DIR, and whose "
               "they are";
    if (socket->own)
        return "let yourself use that socket, or leave socket= out of the URI";
    return "add yourself to the group 'libvirt' and log in again, or use -c qemu:///session";
}

static const char *
socket_hint(const Socket *socket, const char *message)
{
    if (strstr(message, "Permission denied") != NULL)
        return denied_hint(socket);
    if (socket->own)
        return OWN_SOCKET;
    if (socket->session)
        return SESSION_DAEMON;
    return socket->modular ? START_MODULAR : START_DAEMON;
}

/* "Could not set up host forwarding rule 'tcp:127.0.0.1:80-:22'": QEMU leaves the cause out. */
static const char *
forward_hint(const char *message)
{
    static const char begin[] = "host forwarding rule '";
    const char *rule = strstr(message, begin);
    const char *colon = rule != NULL ? g_strrstr_len(rule, (gssize)strcspn(rule, "-"), ":") : NULL;
    guint64 port = colon != NULL ? g_ascii_strtoull(colon + 1, NULL, 10) : 0;

    return port > 0 && port < FIRST_USER_PORT
               ? "QEMU's user may not listen on ports below 1024: 'macvm set NAME --ssh-port "
                 "PORT' chooses another"
               : NULL;
}

const char *
mvm_virt_connect_hint(const char *message)
{
    Socket socket = {0};
    const char *forward = forward_hint(message);

    if (forward != NULL)
        return forward;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strstr(message, rows[i].text) != NULL &&
            (rows[i].also == NULL || strstr(message, rows[i].also) != NULL))
            return rows[i].hint;
    }
    return parse_socket(message, &socket) && strstr(message, "monitor") == NULL
               ? socket_hint(&socket, message)
               : NULL;
}
