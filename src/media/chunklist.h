/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The chunklist ("CNKL"): the signed list of the lengths and SHA-256 digests of the pieces that an
 * image file consists of. It is what makes recovery media trustworthy whatever brought it.
 *
 * Layout, little endian (OpenCorePkg AppleChunklist.h; XNU bsd/kern/chunklist.c): magic "CNKL",
 * header length 36, file version 1, chunk method 1 (SHA-256), signature method 1 (RSA, "rev1"),
 * 0, u64 count, u64 chunk offset 36, u64 signature offset 36 + 36 * count; then count times
 * (u32 length, digest), then the signature over everything before it.
 */
#pragma once

#include "media/sha256.h"
#include "media/trust.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* How a file is cut into chunks: chunk i is [starts[i], starts[i + 1]). */
typedef struct {
    uint64_t *starts;    /* owned, count + 1 entries, the last one the size of the file */
    uint32_t count;      /* at least 1 */
    uint32_t max_length; /* of any chunk, in bytes */
} MvmChunkMap;

typedef struct {
    MvmChunkMap map;
    uint8_t (*digests)[MVM_SHA256_SIZE]; /* owned, map.count of them */
    uint8_t id[MVM_SHA256_SIZE];         /* SHA-256 of the chunklist itself */
} MvmChunklist;

/* The chunklist in data, once its signature by trust is verified. On failure the error is a cause
 * ("signature does not match"), for the caller to prefix with what it read. */
MvmChunklist *mvm_chunklist_load(const uint8_t *data, size_t len, const MvmTrust *trust,
                                 GError **error);

/* The same without the signature: for the fuzz target and mvm_chunklist_load() only. */
MvmChunklist *mvm_chunklist_parse(const uint8_t *data, size_t len, GError **error);

void mvm_chunklist_free(MvmChunklist *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmChunklist, mvm_chunklist_free)

/* Cuts size bytes (at least 1) into chunks of length bytes, the last one shorter. */
void mvm_chunk_map_init(MvmChunkMap *map, uint64_t size, uint32_t length);
void mvm_chunk_map_clear(MvmChunkMap *map);

static inline uint64_t
mvm_chunk_map_get_size(const MvmChunkMap *map)
{
    return map->starts[map->count];
}

static inline uint32_t
mvm_chunk_map_get_length(const MvmChunkMap *map, uint32_t chunk)
{
    return (uint32_t)(map->starts[chunk + 1] - map->starts[chunk]);
}

/* The chunk that the byte at offset (smaller than the size) lies in. */
uint32_t mvm_chunk_map_find(const MvmChunkMap *map, uint64_t offset);
