/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/interrupt.h"

#include "util/children.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

/* Milliseconds: see the header. */
#define PATIENCE 700
#define CLEANUP_MAX 5000
#define CHECK_INTERVAL 100

static volatile sig_atomic_t interrupted;
static gint noticed;
static int wake[2] = {-1, -1};
static clockid_t main_clock; /* processor time of the thread that called mvm_interrupt_catch() */
static void (*end_process)(void);

static void
on_signal(int number)
{
    int saved = errno;
    ssize_t ignored = write(wake[1], "", 1);

    (void)ignored;
    interrupted = 1;
    errno = saved;
}

/* What a thread that rests in a call does not use. */
static gint64
processor_time(void)
{
    struct timespec time = {0};

    (void)clock_gettime(main_clock, &time);
    return time.tv_sec * G_GINT64_CONSTANT(1000000000) + time.tv_nsec;
}

/* Returns when the main thread has had its time. */
static void
wait_for_main(void)
{
    gint64 used = processor_time();
    int elapsed = 0, resting = 0;

    while (elapsed < CLEANUP_MAX && resting < PATIENCE) {
        gint64 now = 0;

        g_usleep(CHECK_INTERVAL * (gulong)G_TIME_SPAN_MILLISECOND);
        elapsed += CHECK_INTERVAL;
        now = processor_time();
        /* Work that does not look at the flag is none that ends by itself. */
        resting = now == used || g_atomic_int_get(&noticed) == 0 ? resting + CHECK_INTERVAL : 0;
        used = now;
    }
}

static void *
watch(void *unused)
{
    struct pollfd fd = {.fd = wake[0], .events = POLLIN};

    while (poll(&fd, 1, -1) < 0)
        ;
    wait_for_main();
    mvm_children_terminate(0);
    end_process();
    return NULL;
}

/* Signals are for the main thread, whose calls they interrupt. */
static void
start_watching(void)
{
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    g_thread_unref(g_thread_new("macvm-interrupt", watch, NULL));
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void
mvm_interrupt_catch(void (*give_up)(void))
{
    /* SA_RESETHAND: who presses Ctrl-C twice wants out, whatever we are waiting for. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

    if (wake[0] >= 0 || pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
        return;
    end_process = give_up;
    if (pthread_getcpuclockid(pthread_self(), &main_clock) == 0)
        start_watching();
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

bool
mvm_interrupted(void)
{
    if (interrupted == 0)
        return false;
    g_atomic_int_set(&noticed, 1);
    return true;
}

int
mvm_interrupt_fd(void)
{
    return wake[0];
}
