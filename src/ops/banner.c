/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/banner.h"

#include "util/file.h"
#include "util/interrupt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* A server may say something else first, in lines (RFC 4253); this much of it is read. */
#define GREETING_MAX 8192

/* Waits for events on fd. False at the deadline (monotonic microseconds) and on Ctrl-C. */
static bool
wait_fd(int fd, short events, gint64 deadline)
{
    struct pollfd fds[] = {{.fd = fd, .events = events},
                           {.fd = mvm_interrupt_fd(), .events = POLLIN}};

    while (!mvm_interrupted()) {
        gint64 left = (deadline - g_get_monotonic_time()) / 1000;
        int ready = left > 0 ? poll(fds, G_N_ELEMENTS(fds), (int)left) : 0;

        if (ready < 0 && errno == EINTR)
            continue;
        return ready > 0 && fds[0].revents != 0;
    }
    return false;
}

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

    while (text->len < GREETING_MAX && wait_fd(fd, POLLIN, deadline)) {
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
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    mvm_autofd fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || inet_pton(AF_INET, host, &address.sin_addr) != 1)
        return false;
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 &&
        (errno != EINPROGRESS || !wait_fd(fd, POLLOUT, deadline)))
        return false;
    return read_greeting(fd, deadline);
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
    kill(pid, SIGTERM);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return greets;
}
