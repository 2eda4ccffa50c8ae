/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image file in memory as a source, and memory as a sink, for tests and fuzz targets. */
#pragma once

#include "media/sink.h"
#include "media/source.h"

#include <string.h>

typedef struct {
    MvmMediaSource source;
    const uint8_t *data;
    MvmChunkMap map;
} MemorySource;

static inline bool
memory_load(MvmMediaSource *source, const uint32_t *chunks, size_t count, MvmChunkTaker *taker,
            GError **error)
{
    MemorySource *self = source->opaque;

    for (size_t i = 0; i < count; i++) {
        uint8_t *buffer = NULL;

        if (!taker->tick(taker, error) || (buffer = mvm_buffers_get(taker->buffers, true)) == NULL)
            return false;
        memcpy(buffer, self->data + self->map.starts[chunks[i]],
               mvm_chunk_map_get_length(&self->map, chunks[i]));
        taker->take(taker, i, buffer);
    }
    return true;
}

static inline bool
memory_read(MvmMediaSource *source, uint64_t offset, uint8_t *buffer, size_t len, GError **error)
{
    MemorySource *self = source->opaque;

    g_assert(offset + len <= mvm_chunk_map_get_size(&self->map));
    memcpy(buffer, self->data + offset, len);
    return true;
}

/* data is borrowed; size at least 1. With read it is read, otherwise loaded in chunks of that
 * length. Clear the map afterwards. */
static inline void
memory_source_init(MemorySource *self, const uint8_t *data, size_t size, uint32_t chunk, bool read)
{
    *self = (MemorySource){.data = data};
    mvm_chunk_map_init(&self->map, size, chunk);
    self->source = (MvmMediaSource){
        .name = "memory",
        .parallel = 1,
        .map = &self->map,
        .load = memory_load,
        .read = read ? memory_read : NULL,
        .opaque = self,
    };
}

typedef struct {
    MvmMediaSink sink;
    uint8_t *data; /* owned, what was written; filled with 0xaa where nothing was told */
    uint64_t size;
    uint64_t max;      /* larger images are refused */
    uint64_t position; /* ordered: where the next write or hole has to begin */
    bool finished;
    unsigned aborted;
    bool kept;
} MemorySink;

static inline bool
memory_begin(MvmMediaSink *sink, uint64_t size, uint64_t resume_at, GError **error)
{
    MemorySink *self = sink->opaque;

    if (size > self->max) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC, "larger than the sink");
        return false;
    }
    g_free(self->data);
    self->data = g_malloc(size);
    memset(self->data, sink->ordered ? 0xaa : 0, size);
    self->size = size;
    self->position = resume_at;
    return true;
}

static inline bool
memory_write(MvmMediaSink *sink, uint64_t offset, const void *data, size_t len, GError **error)
{
    MemorySink *self = sink->opaque;

    g_assert(offset <= self->size && len <= self->size - offset);
    g_assert(!sink->ordered || offset == self->position);
    if (sink->ordered)
        self->position += len;
    memcpy(self->data + offset, data, len);
    return true;
}

static inline bool
memory_hole(MvmMediaSink *sink, uint64_t offset, uint64_t len, GError **error)
{
    MemorySink *self = sink->opaque;

    g_assert(sink->ordered && offset == self->position && len <= self->size - offset);
    memset(self->data + offset, 0, len);
    self->position += len;
    return true;
}

static inline bool
memory_sync(MvmMediaSink *sink, GError **error)
{
    return true;
}

static inline bool
memory_finish(MvmMediaSink *sink, GError **error)
{
    MemorySink *self = sink->opaque;

    g_assert(!sink->ordered || self->position == self->size);
    self->finished = true;
    return true;
}

static inline void
memory_abort(MvmMediaSink *sink, bool keep)
{
    MemorySink *self = sink->opaque;

    self->aborted++;
    self->kept = keep;
}

static inline char *
memory_dup_place(MvmMediaSink *sink)
{
    return g_strdup("memory");
}

/* Free data afterwards. */
static inline void
memory_sink_init(MemorySink *self, bool ordered, uint64_t max)
{
    *self = (MemorySink){.max = max};
    self->sink = (MvmMediaSink){
        .ordered = ordered,
        .hole_unit = 4096,
        .dup_place = memory_dup_place,
        .begin = memory_begin,
        .write = memory_write,
        .hole = memory_hole,
        .sync = memory_sync,
        .finish = memory_finish,
        .abort = memory_abort,
        .opaque = self,
    };
}
