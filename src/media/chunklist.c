/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/chunklist.h"

#include "media/bytes.h"
#include "media/media-limits.h"
#include "util/error.h"

#include <string.h>

#define HEADER_SIZE 36u
#define RECORD_SIZE 36u
#define FILE_VERSION 1
#define CHUNK_METHOD_SHA256 1
#define SIGNATURE_METHOD_RSA 1

static bool
refuse(GError **error, const char *cause)
{
    g_set_error_literal(error, MVM_ERROR, MVM_ERROR_FAILED, cause);
    return false;
}

/* The rules for the header; sets *ret_count. */
static bool
check_header(const uint8_t *data, size_t len, uint32_t *ret_count, GError **error)
{
    uint64_t count = 0;

    if (len < HEADER_SIZE || memcmp(data, "CNKL", 4) != 0)
        return refuse(error, "not a chunklist");
    if (mvm_le32(data + 4) != HEADER_SIZE || data[8] != FILE_VERSION ||
        data[9] != CHUNK_METHOD_SHA256)
        return refuse(error, "a chunklist of an unknown version");
    if (data[10] != SIGNATURE_METHOD_RSA)
        return refuse(error, "signed by a method other than RSA revision 1, or not at all");
    count = mvm_le64(data + 12);
    if (count < 1 || count > MVM_CHUNKS_MAX)
        return refuse(error, "the number of chunks is out of bounds");
    if (mvm_le64(data + 20) != HEADER_SIZE ||
        mvm_le64(data + 28) != HEADER_SIZE + RECORD_SIZE * count)
        return refuse(error, "the tables are not where they belong");
    if (len != HEADER_SIZE + RECORD_SIZE * count + MVM_SIGNATURE_SIZE)
        return refuse(error, "the length of the chunklist does not match its contents");
    *ret_count = (uint32_t)count;
    return true;
}

static bool
read_records(MvmChunklist *list, const uint8_t *records, GError **error)
{
    MvmChunkMap *map = &list->map;

    map->max_length = mvm_le32(records);
    for (uint32_t i = 0; i < map->count; i++, records += RECORD_SIZE) {
        uint32_t length = mvm_le32(records);

        if (length < 1 || length > MVM_CHUNK_LENGTH_MAX)
            return refuse(error, "the length of a chunk is out of bounds");
        if (length > map->max_length || (length < map->max_length && i + 1 < map->count))
            return refuse(error, "chunks differ in length before the last one");
        map->starts[i + 1] = map->starts[i] + length;
        memcpy(list->digests[i], records + 4, MVM_SHA256_SIZE);
    }
    if (map->starts[map->count] > MVM_IMAGE_FILE_MAX)
        return refuse(error, "the image file is larger than 16 GiB");
    return true;
}

MvmChunklist *
mvm_chunklist_parse(const uint8_t *data, size_t len, GError **error)
{
    g_autoptr(MvmChunklist) list = NULL;
    g_autoptr(MvmSha256) sha = NULL;
    uint32_t count = 0;

    if (!check_header(data, len, &count, error))
        return NULL;
    list = g_new0(MvmChunklist, 1);
    list->map.count = count;
    list->map.starts = g_new0(uint64_t, count + 1);
    list->digests = g_malloc_n(count, sizeof(*list->digests));
    if (!read_records(list, data + HEADER_SIZE, error))
        return NULL;
    sha = mvm_sha256_new();
    mvm_sha256_update(sha, data, len);
    mvm_sha256_finish(sha, list->id);
    return g_steal_pointer(&list);
}

MvmChunklist *
mvm_chunklist_load(const uint8_t *data, size_t len, const MvmTrust *trust, GError **error)
{
    uint32_t count = 0;
    size_t signed_len = 0;

    if (!check_header(data, len, &count, error))
        return NULL;
    signed_len = len - MVM_SIGNATURE_SIZE;
    if (!mvm_trust_verify(trust, data, signed_len, data + signed_len)) {
        refuse(error, "the signature does not match");
        mvm_error_set_hint(error, "it was damaged or changed on the way, or is not signed by the "
                                  "key in use: do not use this image");
        return NULL;
    }
    return mvm_chunklist_parse(data, len, error);
}

void
mvm_chunklist_free(MvmChunklist *list)
{
    if (list == NULL)
        return;
    mvm_chunk_map_clear(&list->map);
    g_free(list->digests);
    g_free(list);
}

void
mvm_chunk_map_init(MvmChunkMap *map, uint64_t size, uint32_t length)
{
    map->count = (uint32_t)((size + length - 1) / length);
    map->max_length = (uint32_t)MIN(size, length);
    map->starts = g_new(uint64_t, map->count + 1);
    for (uint32_t i = 0; i < map->count; i++)
        map->starts[i] = (uint64_t)i * length;
    map->starts[map->count] = size;
}

void
mvm_chunk_map_clear(MvmChunkMap *map)
{
    g_clear_pointer(&map->starts, g_free);
}

uint32_t
mvm_chunk_map_find(const MvmChunkMap *map, uint64_t offset)
{
    uint32_t low = 0;
    uint32_t high = map->count;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (map->starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}
