/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which runs of an image are finished, in whatever order they came, and what those up to the first
 * gap add up to: each table's checksum is compared when its last run is counted. Not thread-safe.
 */
#pragma once

#include "media/journal.h"
#include "media/udif.h"

typedef struct {
    const char *name;    /* borrowed: of the image, for errors */
    const MvmUdif *udif; /* borrowed */
    bool keep_whole;     /* the mark's checksum of everything is wanted */
    MvmMediaMark mark;   /* run: the first that is not finished; the checksums up to there */
    uint64_t whole_end;  /* how many bytes mark.whole is of */
    uint8_t *finished;   /* owned, by run: finished, though perhaps one before it is not */
    uint32_t *crcs;      /* owned, by run: of its sectors */
} MvmTally;

/* Begins at mark. */
void mvm_tally_init(MvmTally *tally, const char *name, const MvmUdif *udif, MvmMediaMark mark,
                    bool keep_whole);
void mvm_tally_clear(MvmTally *tally);

/* The run is written, and its sectors have that CRC-32. False: a table is complete and its checksum
 * does not match. */
bool mvm_tally_add(MvmTally *tally, size_t run, uint32_t crc, GError **error);

static inline bool
mvm_tally_is_complete(const MvmTally *tally)
{
    return tally->mark.run == tally->udif->runs->len;
}
