/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/pool.h"

struct MvmPool {
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

MvmPool *
mvm_pool_new(size_t count, size_t size)
{
    MvmPool *pool = g_new0(MvmPool, 1);

    g_mutex_init(&pool->lock);
    g_cond_init(&pool->changed);
    g_queue_init(&pool->free);
    pool->max = count;
    pool->size = size;
    return pool;
}

void
mvm_pool_free(MvmPool *pool)
{
    if (pool == NULL)
        return;
    g_queue_clear_full(&pool->free, g_free);
    g_cond_clear(&pool->changed);
    g_mutex_clear(&pool->lock);
    g_free(pool);
}

uint8_t *
mvm_pool_get(MvmPool *pool, bool wait)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&pool->lock);

    while (wait && !pool->closed && g_queue_is_empty(&pool->free) && pool->total >= pool->max)
        g_cond_wait(&pool->changed, &pool->lock);
    if (pool->closed)
        return NULL;
    if (!g_queue_is_empty(&pool->free))
        return g_queue_pop_head(&pool->free);
    if (pool->total >= pool->max)
        return NULL;
    pool->total++;
    return g_malloc(pool->size);
}

void
mvm_pool_put(MvmPool *pool, uint8_t *buffer)
{
    g_autoptr(GMutexLocker) locker = NULL;

    if (buffer == NULL)
        return;
    locker = g_mutex_locker_new(&pool->lock);
    if (pool->total > pool->max) {
        g_free(buffer);
        pool->total--;
        return;
    }
    g_queue_push_head(&pool->free, buffer);
    g_cond_signal(&pool->changed);
    if (pool->wake != NULL)
        pool->wake(pool->wake_opaque);
}

void
mvm_pool_adopt(MvmPool *pool)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&pool->lock);

    pool->total++;
}

void
mvm_pool_close(MvmPool *pool)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&pool->lock);

    pool->closed = true;
    g_cond_broadcast(&pool->changed);
    if (pool->wake != NULL)
        pool->wake(pool->wake_opaque);
}

bool
mvm_pool_is_closed(MvmPool *pool)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&pool->lock);

    return pool->closed;
}

void
mvm_pool_set_wake(MvmPool *pool, void (*wake)(void *opaque), void *opaque)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&pool->lock);

    pool->wake = wake;
    pool->wake_opaque = opaque;
}
