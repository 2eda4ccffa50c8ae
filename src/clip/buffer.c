/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/buffer.h"

#include "clip/content.h"

#include <string.h>

#define FIRST_SIZE ((size_t)4096)

void
mvm_clip_buffer_init(MvmClipBuffer *buffer, size_t max)
{
    *buffer = (MvmClipBuffer){.max = max};
}

void
mvm_clip_buffer_clear(MvmClipBuffer *buffer)
{
    if (buffer->used > 0)
        explicit_bzero(buffer->data, buffer->used);
    g_free(buffer->data);
    mvm_clip_buffer_init(buffer, buffer->max);
}

/* Moves the bytes to a block of at least size bytes. Not realloc(), which would leave the old
 * block as it was. */
static void
grow(MvmClipBuffer *buffer, size_t size)
{
    size_t allocated = MAX(FIRST_SIZE, buffer->allocated);
    char *data = NULL;

    while (allocated < size)
        allocated *= 2;
    data = g_malloc(allocated);
    if (buffer->used > 0) {
        memcpy(data, buffer->data, buffer->used);
        explicit_bzero(buffer->data, buffer->used);
    }
    g_free(buffer->data);
    buffer->data = data;
    buffer->allocated = allocated;
}

bool
mvm_clip_buffer_append(MvmClipBuffer *buffer, const void *data, size_t size)
{
    if (size > buffer->max - buffer->used)
        return false;
    if (size == 0)
        return true;
    if (size > buffer->allocated - buffer->used)
        grow(buffer, buffer->used + size);
    memcpy(buffer->data + buffer->used, data, size);
    buffer->used += size;
    return true;
}

GBytes *
mvm_clip_buffer_take(MvmClipBuffer *buffer)
{
    GBytes *bytes = mvm_clip_bytes_take(buffer->data, buffer->used);

    mvm_clip_buffer_init(buffer, buffer->max);
    return bytes;
}
