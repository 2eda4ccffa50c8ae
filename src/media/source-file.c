/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/source-file.h"

#include "media/crc32.h"
#include "media/media-limits.h"
#include "media/udif.h"
#include "util/error.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Without a chunklist: of the file's end, where its structure is. */
#define CHUNK_LENGTH (2 * MVM_MIB)

#define GAP_LENGTH MVM_MIB

/* A part of the data fork whose checksum is known. */
typedef struct {
    uint64_t begin;
    uint64_t end;
    uint32_t crc;
} Piece;

typedef struct {
    MvmMediaSource source;
    char *path;                    /* owned */
    int fd;                        /* owned */
    const MvmChunklist *list;      /* borrowed, or NULL */
    MvmChunkMap own_map;           /* without a list */
    uint8_t *seen;                 /* owned, by chunk: it was loaded */
    MvmSha256 *sha;                /* owned */
    const MvmUdifTrailer *trailer; /* borrowed, once known */

    GMutex lock;    /* of pieces */
    GArray *pieces; /* owned, of Piece: what was loaded or read, as it came */
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

/* Keeps the checksum of what buffer has of the data fork, from offset on. */
static void
note_data(FileSource *self, uint64_t offset, const uint8_t *buffer, size_t len)
{
    const MvmUdifTrailer *t = self->trailer;
    Piece piece = {0};

    if (t == NULL || t->data.type == 0)
        return;
    piece.begin = MAX(offset, t->data_offset);
    piece.end = MIN(offset + len, t->data_offset + t->data_length);
    if (piece.begin >= piece.end)
        return;
    piece.crc = mvm_crc32(buffer + (piece.begin - offset), (size_t)(piece.end - piece.begin));
    g_mutex_lock(&self->lock);
    g_array_append_val(self->pieces, piece);
    g_mutex_unlock(&self->lock);
}

static bool
file_read(MvmMediaSource *source, uint64_t offset, uint8_t *buffer, size_t len, GError **error)
{
    FileSource *self = self_of(source);

    if (!read_at(self, offset, buffer, len, error))
        return false;
    note_data(self, offset, buffer, len);
    return true;
}

/* Reads a chunk, and compares it with the list where there is one. */
static bool
load_chunk(FileSource *self, uint32_t chunk, uint8_t *buffer, GError **error)
{
    const MvmChunkMap *map = self->source.map;
    size_t len = mvm_chunk_map_get_length(map, chunk);
    uint8_t digest[MVM_SHA256_SIZE];

    self->seen[chunk] = 1;
    if (!file_read(&self->source, map->starts[chunk], buffer, len, error))
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
    for (size_t i = 0; i < count; i++) {
        uint8_t *buffer = NULL;

        if (!taker->tick(taker, error))
            return false;
        buffer = mvm_buffers_get(taker->buffers, true);
        if (buffer == NULL)
            return false;
        if (!load_chunk(self_of(source), chunks[i], buffer, error)) {
            mvm_buffers_put(taker->buffers, buffer);
            return false;
        }
        taker->take(taker, i, buffer);
    }
    return true;
}

static void
file_prepare(MvmMediaSource *source, const MvmUdifTrailer *trailer)
{
    self_of(source)->trailer = trailer;
}

/* With a list: verifies the chunks that no run needed. */
static bool
verify_rest(FileSource *self, MvmChunkTaker *taker, GError **error)
{
    const MvmChunkMap *map = self->source.map;
    g_autofree uint8_t *buffer = self->list != NULL ? g_malloc(map->max_length) : NULL;

    for (uint32_t i = 0; self->list != NULL && i < map->count; i++) {
        if (!self->seen[i] && (!taker->tick(taker, error) || !load_chunk(self, i, buffer, error)))
            return false;
    }
    return true;
}

/* Of those that begin at one place the longest first. */
static int
compare_pieces(const void *a, const void *b)
{
    const Piece *left = a, *right = b;

    if (left->begin != right->begin)
        return left->begin < right->begin ? -1 : 1;
    return left->end > right->end ? -1 : left->end < right->end;
}

/* Extends crc by what lies between begin and end of the file. */
static bool
add_gap(FileSource *self, uint64_t begin, uint64_t end, MvmChunkTaker *taker, uint32_t *crc,
        GError **error)
{
    g_autofree uint8_t *buffer = begin < end ? g_malloc(GAP_LENGTH) : NULL;

    while (begin < end) {
        size_t len = (size_t)MIN(end - begin, GAP_LENGTH);

        if (!taker->tick(taker, error) || !read_at(self, begin, buffer, len, error))
            return false;
        *crc = mvm_crc32_join(*crc, mvm_crc32(buffer, len), len);
        begin += len;
    }
    return true;
}

/* The checksum of the data fork, of the pieces where they are in order, and of what lies between
 * them: that no run refers to, or that runs share in part. */
static bool
sum_data(FileSource *self, MvmChunkTaker *taker, uint32_t *ret_crc, GError **error)
{
    const MvmUdifTrailer *t = self->trailer;
    uint64_t position = t->data_offset;

    g_array_sort(self->pieces, compare_pieces);
    for (unsigned i = 0; i < self->pieces->len; i++) {
        const Piece *piece = &g_array_index(self->pieces, Piece, i);

        if (piece->begin < position)
            continue;
        if (!add_gap(self, position, piece->begin, taker, ret_crc, error))
            return false;
        *ret_crc = mvm_crc32_join(*ret_crc, piece->crc, piece->end - piece->begin);
        position = piece->end;
    }
    return add_gap(self, position, t->data_offset + t->data_length, taker, ret_crc, error);
}

static bool
file_finish(MvmMediaSource *source, MvmChunkTaker *taker, GError **error)
{
    FileSource *self = self_of(source);
    uint32_t crc = 0;

    if (!verify_rest(self, taker, error))
        return false;
    if (self->trailer->data.type == 0)
        return true;
    if (!sum_data(self, taker, &crc, error))
        return false;
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

/* The second version of encrypted images has its mark at the beginning. */
static bool
check_not_encrypted(const char *path, int fd, GError **error)
{
    char mark[8] = "";

    if (pread(fd, mark, sizeof mark, 0) != (ssize_t)sizeof mark ||
        memcmp(mark, "encrcdsa", sizeof mark) != 0)
        return true;
    (void)mvm_udif_refuse_encrypted(error);
    g_prefix_error(error, "cannot use '%s': ", path);
    return false;
}

MvmMediaSource *
mvm_file_source_new(const char *path, const MvmChunklist *list, GError **error)
{
    /* A FIFO would keep open() waiting; a file does not know the flag. */
    mvm_autofd fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    FileSource *self = NULL;
    uint64_t size = 0;

    if (fd < 0) {
        mvm_error_set_errno(error, "read", path);
        return NULL;
    }
    if (!check_size(path, fd, list, &size, error) || !check_not_encrypted(path, fd, error))
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
        .read = list == NULL ? file_read : NULL,
        .prepare = file_prepare,
        .finish = file_finish,
        .opaque = self,
    };
    self->seen = g_new0(uint8_t, self->source.map->count);
    g_mutex_init(&self->lock);
    self->pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
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
    g_mutex_clear(&self->lock);
    g_array_unref(self->pieces);
    g_free(self);
}
