/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a decoding thread keeps for itself: codecs, and buffers that grow to the largest run. */
#pragma once

#include "media/codec.h"
#include "media/plan.h"

typedef struct {
    MvmCodec *codec;  /* owned, set by who declares it */
    uint8_t *out;     /* owned: one decoded run */
    uint8_t *payload; /* owned: of one run, when it was read or lies in several chunks */
    size_t out_size;
    size_t payload_size;
} MvmScratch;

void mvm_scratch_clear(MvmScratch *scratch);

/* Room for a payload of len bytes, good until the next call. */
uint8_t *mvm_scratch_get_payload(MvmScratch *scratch, size_t len);

/* The payload of run, number index of plan's image, in one piece: where it lies in its chunk, or
 * gathered. chunks are by step; those that the run needs are there. */
const uint8_t *mvm_scratch_gather(MvmScratch *scratch, const MvmPlan *plan, const MvmChunkMap *map,
                                  uint8_t *const *chunks, const MvmUdifRun *run, size_t index);

/* What payload, compressed, decodes to: run->sectors sectors, good until the next call. */
const uint8_t *mvm_scratch_decode(MvmScratch *scratch, const MvmUdifRun *run,
                                  const uint8_t *payload, GError **error);
