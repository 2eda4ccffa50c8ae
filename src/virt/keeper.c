/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/keeper.h"

#include <glib.h>
#include <libvirt/libvirt.h>
#include <pthread.h>
#include <time.h>

/* Seconds; shorter than libvirt's interval of keep-alive. */
#define INTERVAL 2

static clockid_t caller_clock; /* processor time of the thread that called mvm_keeper_start() */

static void
on_timer(int timer, void *opaque)
{
}

static gint64
processor_time(void)
{
    struct timespec time = {0};

    (void)clock_gettime(caller_clock, &time);
    return time.tv_sec * G_GINT64_CONSTANT(1000000000) + time.tv_nsec;
}

/* libvirt's default event loop is GLib's default context: its owner is whoever is in it. The timer
 * is due at once, so that the loop does not wait for anything else. */
static void
run_once(int timer)
{
    if (!g_main_context_acquire(NULL))
        return;
    virEventUpdateTimeout(timer, 0);
    (void)virEventRunDefaultImpl();
    virEventUpdateTimeout(timer, -1);
    g_main_context_release(NULL);
}

static void *
keep(void *unused)
{
    int timer = virEventAddTimeout(-1, on_timer, NULL, NULL);
    gint64 used = processor_time();

    while (timer >= 0) {
        gint64 now = 0;

        g_usleep(INTERVAL * G_USEC_PER_SEC);
        now = processor_time();
        if (now == used)
            run_once(timer);
        used = now;
    }
    return NULL;
}

void
mvm_keeper_start(void)
{
    static gsize started;

    if (!g_once_init_enter(&started))
        return;
    if (pthread_getcpuclockid(pthread_self(), &caller_clock) == 0)
        g_thread_unref(g_thread_new("macvm-keeper", keep, NULL));
    g_once_init_leave(&started, 1);
}
