/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/tail.h"

#include "media/media-limits.h"
#include "util/error.h"

#include <string.h>

typedef struct {
    MvmChunkTaker taker;
    MvmMediaSource *source;
    MvmTail *tail;
    bool (*tick)(void *opaque, GError **error);
    void *opaque;
} Loader;

static void
tail_take(MvmChunkTaker *taker, size_t index, uint8_t *buffer)
{
    Loader *loader = (Loader *)(void *)taker;

    g_ptr_array_index(loader->tail->buffers, index) = buffer;
}

static bool
tail_tick(MvmChunkTaker *taker, GError **error)
{
    Loader *loader = (Loader *)(void *)taker;

    return loader->tick(loader->opaque, error);
}

/* Loads the chunks from first to before the ones that are there, and puts them in front. */
static bool
extend_to(Loader *loader, uint32_t first, GError **error)
{
    MvmTail *tail = loader->tail;
    const MvmChunkMap *map = loader->source->map;
    uint32_t count = map->count - tail->buffers->len - first;
    g_autoptr(MvmBuffers) buffers = mvm_buffers_new(count, map->max_length);
    g_autofree uint32_t *chunks = g_new(uint32_t, count);

    for (uint32_t i = 0; i < count; i++) {
        chunks[i] = first + i;
        g_ptr_array_insert(tail->buffers, (int)i, NULL);
    }
    tail->first = first;
    loader->taker.buffers = buffers;
    return loader->source->load(loader->source, chunks, count, &loader->taker, error);
}

/* A copy of [offset, offset + len), which lies in the chunks that are there; NUL after it. */
static char *
copy_out(const MvmTail *tail, const MvmChunkMap *map, uint64_t offset, size_t len)
{
    char *copy = g_malloc(len + 1);
    size_t done = 0;

    while (done < len) {
        uint32_t chunk = mvm_chunk_map_find(map, offset + done);
        size_t from = (size_t)(offset + done - map->starts[chunk]);
        size_t n = MIN(len - done, mvm_chunk_map_get_length(map, chunk) - from);
        const uint8_t *buffer = g_ptr_array_index(tail->buffers, chunk - tail->first);

        memcpy(copy + done, buffer + from, n);
        done += n;
    }
    copy[len] = '\0';
    return copy;
}

static bool
ensure_from(Loader *loader, uint64_t offset, GError **error)
{
    uint32_t first = mvm_chunk_map_find(loader->source->map, offset);

    return (loader->tail->buffers->len > 0 && first >= loader->tail->first) ||
           extend_to(loader, first, error);
}

static MvmUdif *
read_structure(Loader *loader, GError **error)
{
    MvmMediaSource *source = loader->source;
    uint64_t size = mvm_chunk_map_get_size(source->map);
    MvmUdifTrailer trailer = {0};
    g_autofree char *bytes = NULL;
    g_autofree char *plist = NULL;
    MvmUdif *udif = NULL;

    if (!ensure_from(loader, size - MVM_UDIF_TRAILER_SIZE, error))
        return NULL;
    bytes =
        copy_out(loader->tail, source->map, size - MVM_UDIF_TRAILER_SIZE, MVM_UDIF_TRAILER_SIZE);
    if (mvm_udif_trailer_parse((const uint8_t *)bytes, size, &trailer, error)) {
        if (!ensure_from(loader, trailer.plist_offset, error))
            return NULL;
        plist =
            copy_out(loader->tail, source->map, trailer.plist_offset, (size_t)trailer.plist_length);
        udif = mvm_udif_parse(&trailer, plist, (size_t)trailer.plist_length, error);
    }
    if (udif == NULL) {
        g_prefix_error(error, "cannot use '%s': ", source->name);
        source->interrupted = false;
    }
    return udif;
}

MvmUdif *
mvm_tail_load(MvmMediaSource *source, bool (*tick)(void *opaque, GError **error), void *opaque,
              MvmTail *ret_tail, GError **error)
{
    Loader loader = {
        .taker = {.take = tail_take, .tick = tail_tick},
        .source = source,
        .tail = ret_tail,
        .tick = tick,
        .opaque = opaque,
    };

    if (mvm_chunk_map_get_size(source->map) <= MVM_UDIF_TRAILER_SIZE) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot use '%s': not a disk image",
                    source->name);
        return NULL;
    }
    ret_tail->buffers = g_ptr_array_new_with_free_func(g_free);
    return read_structure(&loader, error);
}

void
mvm_tail_clear(MvmTail *tail)
{
    g_clear_pointer(&tail->buffers, g_ptr_array_unref);
}

uint8_t *
mvm_tail_steal(MvmTail *tail, uint32_t chunk)
{
    if (chunk < tail->first || chunk - tail->first >= tail->buffers->len)
        return NULL;
    return g_steal_pointer(&g_ptr_array_index(tail->buffers, chunk - tail->first));
}
