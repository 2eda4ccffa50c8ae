/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/pump.h"

#include <libvirt/libvirt.h>
#include <stdbool.h>

struct MvmPump {
    GThread *thread; /* owned until it is joined */
    int timer;       /* libvirt's number: what wakes the loop to end */
    bool stop;       /* the loop's thread alone looks at it */
};

static void
on_timer(int timer, void *opaque)
{
    MvmPump *pump = opaque;

    pump->stop = true;
}

static void *
run(void *opaque)
{
    MvmPump *pump = opaque;

    while (!pump->stop && virEventRunDefaultImpl() == 0)
        ;
    return NULL;
}

MvmPump *
mvm_pump_start(void)
{
    MvmPump *pump = g_new0(MvmPump, 1);

    pump->timer = virEventAddTimeout(-1, on_timer, pump, NULL);
    if (pump->timer >= 0)
        pump->thread = g_thread_new("macvm-events", run, pump);
    return pump;
}

void
mvm_pump_stop(MvmPump *pump)
{
    if (pump == NULL)
        return;
    if (pump->thread != NULL) {
        virEventUpdateTimeout(pump->timer, 0);
        g_thread_join(pump->thread);
        (void)virEventRemoveTimeout(pump->timer);
    }
    g_free(pump);
}
