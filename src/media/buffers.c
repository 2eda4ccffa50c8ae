/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/buffers.h"

struct MvmBuffers {
    GMutex lock;
    GCond changed;
    GQueue free;  /* of uint8_t *, owned */
    size_t max;   /* how many may exist */
    size_t total; /* how many exist, free or not */
    size_t size;
    bool closed;
    void (*wake)(void *opaque);
    void *wake_opaque;
};

MvmBuffers *
mvm_buffers_new(size_t count, size_t size)
{
    MvmBuffers *buffers = g_new0(MvmBuffers, 1);

    g_mutex_init(&buffers->lock);
    g_cond_init(&buffers->changed);
    g_queue_init(&buffers->free);
    buffers->max = count;
    buffers->size = size;
    return buffers;
}

void
mvm_buffers_free(MvmBuffers *buffers)
{
    if (buffers == NULL)
        return;
    g_queue_clear_full(&buffers->free, g_free);
    g_cond_clear(&buffers->changed);
    g_mutex_clear(&buffers->lock);
    g_free(buffers);
}

uint8_t *
mvm_buffers_get(MvmBuffers *buffers, bool wait)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&buffers->lock);

    while (wait && !buffers->closed && g_queue_is_empty(&buffers->free) &&
           buffers->total >= buffers->max)
        g_cond_wait(&buffers->changed, &buffers->lock);
    if (buffers->closed)
        return NULL;
    if (!g_queue_is_empty(&buffers->free))
        return g_queue_pop_head(&buffers->free);
    if (buffers->total >= buffers->max)
        return NULL;
    buffers->total++;
    return g_malloc(buffers->size);
}

void
mvm_buffers_put(MvmBuffers *buffers, uint8_t *buffer)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;

    if (buffer == NULL)
        return;
    locker = g_mutex_locker_new(&buffers->lock);
    if (buffers->total > buffers->max) {
        g_free(buffer);
        buffers->total--;
        return;
    }
    g_queue_push_head(&buffers->free, buffer);
    g_cond_signal(&buffers->changed);
    if (buffers->wake != NULL)
        buffers->wake(buffers->wake_opaque);
}

void
mvm_buffers_adopt(MvmBuffers *buffers)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&buffers->lock);

    buffers->total++;
}

void
mvm_buffers_close(MvmBuffers *buffers)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&buffers->lock);

    buffers->closed = true;
    g_cond_broadcast(&buffers->changed);
    if (buffers->wake != NULL)
        buffers->wake(buffers->wake_opaque);
}

bool
mvm_buffers_is_closed(MvmBuffers *buffers)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&buffers->lock);

    return buffers->closed;
}

void
mvm_buffers_set_wake(MvmBuffers *buffers, void (*wake)(void *opaque), void *opaque)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&buffers->lock);

    buffers->wake = wake;
    buffers->wake_opaque = opaque;
}
