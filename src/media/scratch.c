/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/scratch.h"

#include "media/media-limits.h"

#include <string.h>

static uint8_t *
ensure(uint8_t **buffer, size_t *size, size_t wanted)
{
    if (*size < wanted) {
        g_free(*buffer);
        *buffer = g_malloc(wanted);
        *size = wanted;
    }
    return *buffer;
}

void
mvm_scratch_clear(MvmScratch *scratch)
{
    g_clear_pointer(&scratch->codec, mvm_codec_free);
    g_clear_pointer(&scratch->out, g_free);
    g_clear_pointer(&scratch->payload, g_free);
}

uint8_t *
mvm_scratch_get_payload(MvmScratch *scratch, size_t len)
{
    return ensure(&scratch->payload, &scratch->payload_size, len);
}

const uint8_t *
mvm_scratch_gather(MvmScratch *scratch, const MvmPlan *plan, const MvmChunkMap *map,
                   uint8_t *const *chunks, const MvmUdifRun *run, size_t index)
{
    size_t count = 0;
    const uint32_t *needs = mvm_plan_get_needs(plan, index, &count);
    uint64_t offset = run->offset;
    uint64_t end = run->offset + run->length;
    uint8_t *to = NULL;

    for (size_t i = 0; i < count; i++) {
        uint32_t chunk = mvm_plan_get_step(plan, needs[i])->chunk;
        const uint8_t *from = chunks[needs[i]] + (offset - map->starts[chunk]);
        size_t len = (size_t)(MIN(end, map->starts[chunk + 1]) - offset);

        if (count == 1)
            return from;
        if (to == NULL)
            to = mvm_scratch_get_payload(scratch, (size_t)run->length);
        memcpy(to, from, len);
        to += len;
        offset += len;
    }
    return scratch->payload;
}

const uint8_t *
mvm_scratch_decode(MvmScratch *scratch, const MvmUdifRun *run, const uint8_t *payload,
                   GError **error)
{
    size_t len = (size_t)(run->sectors * MVM_SECTOR);
    uint8_t *out = ensure(&scratch->out, &scratch->out_size, len);

    if (!mvm_codec_decode(scratch->codec, run->type, payload, (size_t)run->length, out, len, error))
        return NULL;
    return out;
}
