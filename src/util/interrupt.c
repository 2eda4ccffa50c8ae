/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;
static int wake[2] = {-1, -1};

static void
on_signal(int number)
{
    int saved = errno;
    ssize_t ignored = write(wake[1], "", 1);

    (void)ignored;
    interrupted = 1;
    errno = saved;
}

void
mvm_interrupt_catch(void)
{
    /* SA_RESETHAND: who presses Ctrl-C twice wants out, whatever we are waiting for. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

    if (wake[0] >= 0 || pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
        return;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

bool
mvm_interrupted(void)
{
    return interrupted != 0;
}

int
mvm_interrupt_fd(void)
{
    return wake[0];
}
