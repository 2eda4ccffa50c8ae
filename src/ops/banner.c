/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/banner.h"

#include "util/child.h"
#include "util/file.h"

#include <errno.h>
#include <glib.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* A server may say something else first, in lines (RFC 4253); this much of it is read. */
#define GREETING_MAX 8192

static bool
has_greeting(const GString *text)
{
    return g_str_has_prefix(text->str, "SSH-") || strstr(text->str, "\nSSH-") != NULL;
}

static bool
read_greeting(int fd, gint64 deadline)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char buf[256];

    while (text->len < GREETING_MAX && mvm_child_wait_fd(fd, POLLIN, deadline)) {
        ssize_t n = read(fd, buf, sizeof(buf));

        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return false;
        g_string_append_len(text, buf, n);
        if (has_greeting(text))
            return true;
    }
    return false;
}

bool
mvm_banner_at(const char *host, int port, int timeout_ms)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    g_autofree char *service = g_strdup_printf("%d", port);
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    struct addrinfo *info = NULL;
    mvm_autofd fd = -1;
    bool begun = false;

    if (getaddrinfo(host, service, &hints, &info) != 0)
        return false;
    fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    begun = fd >= 0 &&
            (connect(fd, info->ai_addr, info->ai_addrlen) == 0 || errno == EINPROGRESS) &&
            mvm_child_wait_fd(fd, POLLOUT, deadline);
    freeaddrinfo(info);
    return begun && read_greeting(fd, deadline);
}

bool
mvm_banner_of_command(const char *const *argv, int timeout_ms)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    mvm_autofd in = -1;
    mvm_autofd out = -1;
    GPid pid = 0;
    bool greets = false;

    /* Its stdin stays open: "ssh -W" ends when that does. */
    if (!g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
                                  G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                      G_SPAWN_STDERR_TO_DEV_NULL,
                                  NULL, NULL, &pid, &in, &out, NULL, NULL))
        return false;
    greets = read_greeting(out, deadline);
    mvm_close_fd(&in);
    in = -1;
    (void)mvm_child_end(pid);
    return greets;
}
