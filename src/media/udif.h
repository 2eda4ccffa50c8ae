/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The structure of a UDIF disk image (.dmg): a trailer ("koly", the last 512 bytes), a property
 * list with one table ("mish") a partition, and in each table the runs: which sectors are found
 * where in the file and how they are compressed. All integers big endian.
 *
 * Sources: OpenCorePkg AppleDiskImage.h; 7-Zip DmgHandler.cpp; QEMU block/dmg.c. The rules an
 * image has to keep are in udif-check.c, the limits in media-limits.h; the files udif-*.c only
 * read. Errors are causes ("table 2: ..."), for the caller to prefix with the image's name.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MVM_UDIF_TRAILER_SIZE 512

/* Types of runs; not an enum, whose values C17 keeps in the range of int. */
#define MVM_RUN_ZERO 0u
#define MVM_RUN_RAW 1u
#define MVM_RUN_IGNORE 2u /* free space: zero when read, and left out of the table's checksum */
#define MVM_RUN_ADC 0x80000004u
#define MVM_RUN_ZLIB 0x80000005u
#define MVM_RUN_BZIP2 0x80000006u
#define MVM_RUN_LZFSE 0x80000007u
#define MVM_RUN_XZ 0x80000008u
#define MVM_RUN_COMMENT 0x7ffffffeu
#define MVM_RUN_END 0xffffffffu

/* A checksum field: only CRC-32 (or none) is accepted. */
typedef struct {
    uint32_t type; /* 0 none, 2 CRC-32 */
    uint32_t bits;
    uint32_t crc;
} MvmUdifChecksum;

typedef struct {
    uint64_t file_size; /* of the whole image file, trailer included */
    uint32_t version;
    uint32_t header_size;
    uint32_t segment_count;
    uint64_t data_offset; /* the data fork: what the runs' payloads lie in */
    uint64_t data_length;
    uint64_t plist_offset;
    uint64_t plist_length;
    uint64_t sectors;       /* of the decoded image */
    MvmUdifChecksum data;   /* of the data fork as stored */
    MvmUdifChecksum master; /* of the tables' checksums */
} MvmUdifTrailer;

/* One run that yields sectors. */
typedef struct {
    uint32_t type;
    uint32_t table;   /* index of its table */
    uint64_t sector;  /* in the decoded image */
    uint64_t sectors; /* at least 1 */
    uint64_t offset;  /* of the payload in the image file */
    uint64_t length;  /* of the payload; 0 for ZERO and IGNORE */
} MvmUdifRun;

typedef struct {
    uint64_t sector; /* in the decoded image */
    uint64_t sectors;
    uint64_t data_offset; /* added to each run's offset */
    uint32_t version;
    uint32_t run_count; /* records in the table, with comments and the end mark */
    MvmUdifChecksum checksum;
} MvmUdifTable;

typedef struct {
    MvmUdifTrailer trailer;
    GArray *tables; /* owned, of MvmUdifTable, ascending by sector */
    GArray *runs;   /* owned, of MvmUdifRun, ascending by sector, disjoint */
} MvmUdif;

/* Reads and checks the trailer of a file of file_size bytes. */
bool mvm_udif_trailer_parse(const uint8_t bytes[MVM_UDIF_TRAILER_SIZE], uint64_t file_size,
                            MvmUdifTrailer *ret_trailer, GError **error);

/* Fails with the message that an image is encrypted, and how to decrypt it. */
bool mvm_udif_refuse_encrypted(GError **error);

/* Reads and checks tables and runs. plist is what the trailer says where to find. */
MvmUdif *mvm_udif_parse(const MvmUdifTrailer *trailer, const char *plist, size_t len,
                        GError **error);

void mvm_udif_free(MvmUdif *udif);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmUdif, mvm_udif_free)

static inline const MvmUdifRun *
mvm_udif_get_run(const MvmUdif *udif, size_t i)
{
    return &g_array_index(udif->runs, MvmUdifRun, i);
}

static inline const MvmUdifTable *
mvm_udif_get_table(const MvmUdif *udif, size_t i)
{
    return &g_array_index(udif->tables, MvmUdifTable, i);
}
