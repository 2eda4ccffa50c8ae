/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every limit on recovery media and on the servers that bring it, in one place. What comes from
 * outside is refused beyond these; what uses them is udif-check.c, chunklist.c and answer.c.
 * Figures of real media (2017 to 2026): image file 450 to 850 MiB, decoded 1.4 to 3.5 GiB, chunks
 * of 10 MiB, runs of 256 KiB or 1 MiB, property list below 200 KiB.
 */
#pragma once

#include <stdint.h>

#define MVM_SECTOR 512u
#define MVM_KIB (UINT64_C(1) << 10)
#define MVM_MIB (UINT64_C(1) << 20)
#define MVM_GIB (UINT64_C(1) << 30)

/* The recovery server's answers. */
#define MVM_ANSWER_MAX (64 * MVM_KIB)
#define MVM_CHUNKLIST_MAX (4 * MVM_MIB)

/* Chunklist: the sum of the lengths is the size of the image file. */
#define MVM_CHUNKS_MAX 65536u
#define MVM_CHUNK_LENGTH_MAX (64 * MVM_MIB)
#define MVM_IMAGE_FILE_MAX (16 * MVM_GIB)

/* UDIF: the trailer's ranges, the tables and their runs. */
#define MVM_PLIST_MAX (8 * MVM_MIB) /* libxml2 itself reads less than 10 MB */
#define MVM_DECODED_MAX (16 * MVM_GIB)
#define MVM_TABLES_MAX 64u
#define MVM_RUNS_MAX 200000u
#define MVM_RUN_DECODED_MAX (64 * MVM_MIB)

/* The most that a compressed run of that many decoded bytes may take in the file. */
#define MVM_RUN_PAYLOAD_MAX(decoded) ((decoded) + (decoded) / 8 + 64 * MVM_KIB)

/* What an xz decoder may allocate for one run. */
#define MVM_XZ_MEMORY_MAX (80 * MVM_MIB)

/* Raw runs are cut into pieces of this size: they need no buffer as large as the run. */
#define MVM_RAW_PIECE (4 * MVM_MIB)

/* Chunks held in memory at one time, all together; never less than one run needs. */
#define MVM_CHUNK_MEMORY (72 * MVM_MIB)
