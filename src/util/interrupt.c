/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Seconds. */
#define PATIENCE 3

static volatile sig_atomic_t interrupted;
static int wake[2] = {-1, -1};
static const char *still_there;

static void
on_signal(int number)
{
    int saved = errno;
    ssize_t ignored = write(wake[1], "", 1);

    (void)ignored;
    interrupted = 1;
    if (still_there != NULL)
        alarm(PATIENCE);
    errno = saved;
}

static void
on_alarm(int number)
{
    int saved = errno;
    ssize_t ignored = write(STDERR_FILENO, still_there, strlen(still_there));

    (void)ignored;
    errno = saved;
}

void
mvm_interrupt_catch(const char *impatient)
{
    /* SA_RESETHAND: who presses Ctrl-C twice wants out, whatever we are waiting for. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    struct sigaction remark = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};

    if (wake[0] >= 0 || pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
        return;
    still_there = impatient;
    if (impatient != NULL)
        sigaction(SIGALRM, &remark, NULL);
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
