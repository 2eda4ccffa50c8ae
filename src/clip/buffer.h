/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A growing buffer with a maximum, that leaves no copy of its bytes behind in freed memory. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char *data; /* owned */
    size_t used, allocated, max;
} MvmClipBuffer;

/* An empty buffer for at most max bytes; it needs no memory yet. */
void mvm_clip_buffer_init(MvmClipBuffer *buffer, size_t max);

/* Overwrites and frees what is in there; it is empty then and can be used again. */
void mvm_clip_buffer_clear(MvmClipBuffer *buffer);

/* False, with the buffer unchanged, when more than max bytes would be in it. */
bool mvm_clip_buffer_append(MvmClipBuffer *buffer, const void *data, size_t size);

/* Moves the bytes out; the buffer is empty then. */
GBytes *mvm_clip_buffer_take(MvmClipBuffer *buffer);
