/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/source-file.h"

#include "media/crc32.h"
#include "media/media-limits.h"
#include "util/error.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define CHUNK_LENGTH (2 * MVM_MIB)

typedef struct {
    MvmMediaSource source;
    char *path;                    /* owned */
    int fd;                        /* owned */
    const MvmChunklist *list;      /* borrowed, or NULL */
    MvmChunkMap own_map;           /* without a list */
    MvmSha256 *sha;                /* owned */
    const MvmUdifTrailer *trailer; /* borrowed, once known */
    uint8_t *seen;                 /* by chunk: crcs tells of it */
    uint32_t *crcs;                /* by chunk: of its share of the data fork */
} FileSource;

static FileSource *
self_of(MvmMediaSource *source)
{
    return source->opaque;
}

static bool
read_at(FileSource *self, uint64_t offset, uint8_t *buffer, size_t len, GError **error)
{
    while (len > 0) {
        ssize_t n = pread(self->fd, buffer, len, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return mvm_error_set_errno(error, "read", self->path);
        if (n == 0) {
            g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                        "cannot read '%s': it became shorter meanwhile", self->path);
            return false;
        }
        buffer += n;
        offset += (uint64_t)n;
        len -= (size_t)n;
    }
    return true;
}

/* The part of a chunk that belongs to the data fork; empty when begin is not before end. */
static void
data_in(FileSource *self, uint32_t chunk, uint64_t *ret_begin, uint64_t *ret_end)
{
    const MvmChunkMap *map = self->source.map;
    const MvmUdifTrailer *t = self->trailer;

    *ret_begin = MAX(map->starts[chunk], t->data_offset);
    *ret_end = MIN(map->starts[chunk + 1], t->data_offset + t->data_length);
}

static void
note_chunk(FileSource *self, uint32_t chunk, const uint8_t *buffer)
{
    uint64_t begin = 0, end = 0;

    if (self->trailer == NULL || self->trailer->data.type == 0)
        return;
    data_in(self, chunk, &begin, &end);
    self->seen[chunk] = 1;
    if (begin < end)
        self->crcs[chunk] =
            mvm_crc32(buffer + (begin - self->source.map->starts[chunk]), (size_t)(end - begin));
}

static bool
load_chunk(FileSource *self, uint32_t chunk, uint8_t *buffer, GError **error)
{
    const MvmChunkMap *map = self->source.map;
    size_t len = mvm_chunk_map_get_length(map, chunk);
    uint8_t digest[MVM_SHA256_SIZE];

    if (!read_at(self, map->starts[chunk], buffer, len, error))
        return false;
    if (self->list == NULL)
        return true;
    mvm_sha256_update(self->sha, buffer, len);
    mvm_sha256_finish(self->sha, digest);
    if (memcmp(digest, self->list->digests[chunk], sizeof(digest)) == 0)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot use '%s': chunk %u does not match the chunklist", self->path, chunk);
    mvm_error_set_hint(error, "the file is damaged or was changed: fetch it again");
    return false;
}

static bool
file_load(MvmMediaSource *source, const uint32_t *chunks, size_t count, MvmChunkTaker *taker,
          GError **error)
{
    FileSource *self = self_of(source);

    for (size_t i = 0; i < count; i++) {
        uint8_t *buffer = NULL;

        if (!taker->tick(taker, error))
            return false;
        buffer = mvm_buffers_get(taker->buffers, true);
        if (buffer == NULL)
            return false;
        if (!load_chunk(self, chunks[i], buffer, error)) {
            mvm_buffers_put(taker->buffers, buffer);
            return false;
        }
        note_chunk(self, chunks[i], buffer);
        taker->take(taker, i, buffer);
    }
    return true;
}

static void
file_prepare(MvmMediaSource *source, const MvmUdifTrailer *trailer)
{
    self_of(source)->trailer = trailer;
}

/* The checksum of the data fork covers chunks that no run refers to as well: they are read now. */
static bool
file_finish(MvmMediaSource *source, GError **error)
{
    FileSource *self = self_of(source);
    g_autofree uint8_t *buffer = g_malloc(source->map->max_length);
    uint32_t crc = 0;

    if (self->trailer->data.type == 0)
        return true;
    for (uint32_t i = 0; i < source->map->count; i++) {
        uint64_t begin = 0, end = 0;

        data_in(self, i, &begin, &end);
        if (begin >= end)
            continue;
        if (!self->seen[i] && !load_chunk(self, i, buffer, error))
            return false;
        if (!self->seen[i])
            note_chunk(self, i, buffer);
        crc = mvm_crc32_join(crc, self->crcs[i], end - begin);
    }
    if (crc == self->trailer->data.crc)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot use '%s': the checksum of its data does not match", self->path);
    return false;
}

/* The size of the file, checked against the limits and the chunklist. */
static bool
check_size(const char *path, int fd, const MvmChunklist *list, uint64_t *ret_size, GError **error)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return mvm_error_set_errno(error, "read", path);
    if (!S_ISREG(st.st_mode) || st.st_size <= MVM_UDIF_TRAILER_SIZE ||
        (uint64_t)st.st_size > MVM_IMAGE_FILE_MAX) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot use '%s': not a regular file of more than 512 bytes and up to 16 GiB",
                    path);
        return false;
    }
    if (list != NULL && (uint64_t)st.st_size != mvm_chunk_map_get_size(&list->map)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot use '%s': its size is not what the chunklist says", path);
        return false;
    }
    *ret_size = (uint64_t)st.st_size;
    return true;
}

MvmMediaSource *
mvm_file_source_new(const char *path, const MvmChunklist *list, GError **error)
{
    mvm_autofd fd = open(path, O_RDONLY | O_CLOEXEC);
    FileSource *self = NULL;
    uint64_t size = 0;

    if (fd < 0) {
        mvm_error_set_errno(error, "read", path);
        return NULL;
    }
    if (!check_size(path, fd, list, &size, error))
        return NULL;
    self = g_new0(FileSource, 1);
    self->path = g_strdup(path);
    self->fd = mvm_steal_fd(&fd);
    self->list = list;
    self->sha = mvm_sha256_new();
    if (list == NULL)
        mvm_chunk_map_init(&self->own_map, size, CHUNK_LENGTH);
    self->source = (MvmMediaSource){
        .name = self->path,
        .map = list != NULL ? &list->map : &self->own_map,
        .parallel = 1,
        .load = file_load,
        .prepare = file_prepare,
        .finish = file_finish,
        .opaque = self,
    };
    self->seen = g_new0(uint8_t, self->source.map->count);
    self->crcs = g_new0(uint32_t, self->source.map->count);
    return &self->source;
}

void
mvm_file_source_free(MvmMediaSource *source)
{
    FileSource *self = source == NULL ? NULL : self_of(source);

    if (self == NULL)
        return;
    mvm_chunk_map_clear(&self->own_map);
    mvm_sha256_free(self->sha);
    close(self->fd);
    g_free(self->path);
    g_free(self->seen);
    g_free(self->crcs);
    g_free(self);
}
