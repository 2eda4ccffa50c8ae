/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fixed number of buffers of one size, between who fills them and who empties them: what bounds
 * the memory of a transfer. All functions may be called from any thread. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct MvmPool MvmPool;

/* At most count buffers of size bytes, allocated as they are needed. */
MvmPool *mvm_pool_new(size_t count, size_t size);

/* Frees the buffers that were given back: all of them must have been. */
void mvm_pool_free(MvmPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmPool, mvm_pool_free)

/* A buffer, to be given back with mvm_pool_put(). NULL when none is free (wait: only once the pool
 * is closed). */
uint8_t *mvm_pool_get(MvmPool *pool, bool wait);

/* Gives a buffer back: one of the pool's, or any from g_malloc(), which is then freed. */
void mvm_pool_put(MvmPool *pool, uint8_t *buffer);

/* Lets in one more buffer than count, made by the caller with g_malloc(). */
void mvm_pool_adopt(MvmPool *pool);

/* Nobody gets a buffer any more; who waits for one gets NULL. */
void mvm_pool_close(MvmPool *pool);
bool mvm_pool_is_closed(MvmPool *pool);

/* Calls wake(opaque), from whichever thread, when a buffer comes back and when the pool is closed.
 * NULL: nobody, from the moment that this returns. */
void mvm_pool_set_wake(MvmPool *pool, void (*wake)(void *opaque), void *opaque);
