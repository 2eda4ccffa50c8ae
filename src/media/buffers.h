/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fixed number of buffers of one size, between who fills them and who empties them: what bounds
 * the memory of a transfer. All functions may be called from any thread. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct MvmBuffers MvmBuffers;

/* At most count buffers of size bytes, allocated as they are needed. */
MvmBuffers *mvm_buffers_new(size_t count, size_t size);

/* Frees the buffers that were given back: all of them must have been. */
void mvm_buffers_free(MvmBuffers *buffers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmBuffers, mvm_buffers_free)

/* A buffer, to be given back with mvm_buffers_put(). NULL when none is free (wait: only once
 * they are closed). */
uint8_t *mvm_buffers_get(MvmBuffers *buffers, bool wait);

/* Gives a buffer back: one of these, or any from g_malloc(), which is then freed. */
void mvm_buffers_put(MvmBuffers *buffers, uint8_t *buffer);

/* Lets in one more buffer than count, made by the caller with g_malloc(). */
void mvm_buffers_adopt(MvmBuffers *buffers);

/* Nobody gets a buffer any more; who waits for one gets NULL. */
void mvm_buffers_close(MvmBuffers *buffers);
bool mvm_buffers_is_closed(MvmBuffers *buffers);

/* Calls wake(opaque), from whichever thread, when a buffer comes back and when they are
 * closed. NULL: nobody, from the moment that this returns. */
void mvm_buffers_set_wake(MvmBuffers *buffers, void (*wake)(void *opaque), void *opaque);
