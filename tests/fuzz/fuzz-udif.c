/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trailer, property list and tables from any bytes; what is accepted must be in bounds. */
#include "media/media-limits.h"
#include "media/udif.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_runs(const MvmUdif *udif)
{
    uint64_t next = 0;

    for (size_t i = 0; i < udif->runs->len; i++) {
        const MvmUdifRun *run = mvm_udif_get_run(udif, i);

        g_assert_cmpuint(run->sector, >=, next);
        next = run->sector + run->sectors;
        g_assert_cmpuint(next, <=, udif->trailer.sectors);
        g_assert_cmpuint(run->length, <=, udif->trailer.file_size);
        g_assert_cmpuint(run->offset, <=, udif->trailer.file_size - run->length);
        if (run->length > 0)
            g_assert_cmpuint(run->sectors * MVM_SECTOR, <=, MVM_RUN_DECODED_MAX);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MvmUdifTrailer trailer;
    g_autoptr(MvmUdif) udif = NULL;

    if (size <= MVM_UDIF_TRAILER_SIZE ||
        !mvm_udif_trailer_parse(data + size - MVM_UDIF_TRAILER_SIZE, size, &trailer, NULL))
        return 0;
    udif = mvm_udif_parse(&trailer, (const char *)data + trailer.plist_offset,
                          (size_t)trailer.plist_length, NULL);
    if (udif != NULL)
        check_runs(udif);
    return 0;
}
