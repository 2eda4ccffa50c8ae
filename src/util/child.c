/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/child.h"

#include "util/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of what a child wrote to stderr the end is kept: it says why. */
#define SAID_MAX (64 * 1024)

/* How long SIGTERM may take. */
#define OBEY_US G_USEC_PER_SEC

/* Between two looks whether a child has ended that has closed its output: there is no descriptor
 * for that which every Linux has. */
#define LOOK_US 2000

bool
mvm_child_wait_fd(int fd, short events, gint64 deadline)
{
    struct pollfd fds[] = {{.fd = fd, .events = events},
                           {.fd = mvm_interrupt_fd(), .events = POLLIN}};

    while (!mvm_interrupted()) {
        gint64 left = deadline == G_MAXINT64 ? 0 : (deadline - g_get_monotonic_time()) / 1000;
        int timeout = deadline == G_MAXINT64 ? -1 : (int)CLAMP(left, 0, G_MAXINT);
        int ready = poll(fds, G_N_ELEMENTS(fds), timeout);

        if (ready < 0 && errno == EINTR)
            continue;
        return ready > 0 && fds[0].revents != 0;
    }
    return false;
}

/* Output without a pause must not outlive the deadline, either. */
static bool
is_over(gint64 deadline)
{
    return g_get_monotonic_time() >= deadline || mvm_interrupted();
}

/* One piece of what fd has. Sets *fd to -1 at its end. */
static void
read_piece(int *fd, GString *text, size_t *total)
{
    char buf[8192];
    ssize_t n = read(*fd, buf, sizeof(buf));

    if (n > 0) {
        g_string_append_len(text, buf, n);
        *total += (size_t)n;
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        *fd = -1;
    }
}

MvmChildRead
mvm_child_read(int out, int err, size_t max, GString *text, GString *said, gint64 deadline)
{
    struct pollfd fds[] = {{.fd = out, .events = POLLIN},
                           {.fd = err, .events = POLLIN},
                           {.fd = mvm_interrupt_fd(), .events = POLLIN}};
    size_t totals[] = {0, 0};
    GString *texts[] = {text, said};

    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        gint64 left = deadline == G_MAXINT64 ? 0 : (deadline - g_get_monotonic_time()) / 1000;

        if (is_over(deadline))
            return MVM_CHILD_LATE;
        if (poll(fds, G_N_ELEMENTS(fds), deadline == G_MAXINT64 ? -1 : (int)MIN(left + 1, 60000)) <=
            0)
            continue;
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
            if (fds[i].revents != 0)
                read_piece(&fds[i].fd, texts[i], &totals[i]);
            if (totals[i] > max)
                return MVM_CHILD_TOO_MUCH;
        }
        if (said->len > SAID_MAX)
            g_string_erase(said, 0, (gssize)(said->len - SAID_MAX));
    }
    return MVM_CHILD_WHOLE;
}

static bool
try_reap(GPid pid, int *ret_status)
{
    pid_t ended = 0;

    while ((ended = waitpid(pid, ret_status, WNOHANG)) < 0 && errno == EINTR)
        ;
    if (ended < 0)
        *ret_status = 0;
    return ended != 0;
}

int
mvm_child_reap(GPid pid, gint64 deadline)
{
    int status = 0;

    while (!is_over(deadline)) {
        if (try_reap(pid, &status))
            return status;
        g_usleep(LOOK_US);
    }
    return mvm_child_end(pid);
}

int
mvm_child_end(GPid pid)
{
    gint64 until = g_get_monotonic_time() + OBEY_US;
    int status = 0;

    if (try_reap(pid, &status))
        return status;
    kill(pid, SIGTERM);
    while (g_get_monotonic_time() < until) {
        if (try_reap(pid, &status))
            return status;
        g_usleep(LOOK_US);
    }
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}
