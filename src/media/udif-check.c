/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules that a disk image has to keep before a byte of it is decoded, in the order in which
 * they are asked. After them every offset, length and sum of the image is in bounds, so the code
 * that decodes computes with them freely. Limits: media-limits.h. What only decoding can show (that
 * a run yields exactly its sectors, the checksums) is in codec.c and decoder.c.
 *
 * Each rule stands for a bug that some reader of this format had: CVE-2014-0145, CVE-2021-3548,
 * CVE-2021-32614 and their like are buffers sized from one field and filled from another.
 */
#include "media/bytes.h"
#include "media/crc32.h"
#include "media/media-limits.h"
#include "media/refuse.h"
#include "media/udif-private.h"
#include "util/error.h"

#define KOLY_VERSION 4
#define MISH_VERSION 1
#define CHECKSUM_NONE 0
#define CHECKSUM_CRC32 2

static bool
checksum_known(const MvmUdifChecksum *sum)
{
    return sum->type == CHECKSUM_NONE || (sum->type == CHECKSUM_CRC32 && sum->bits == 32);
}

bool
mvm_udif_check_trailer(const MvmUdifTrailer *t, GError **error)
{
    uint64_t end = t->file_size - MVM_UDIF_TRAILER_SIZE;

    if (t->version != KOLY_VERSION || t->header_size != MVM_UDIF_TRAILER_SIZE)
        return mvm_media_refuse(error, "a disk image of an unknown version");
    if (t->segment_count > 1)
        return mvm_media_refuse(error, "one of %u segments of a disk image", t->segment_count);
    if (!mvm_range_fits(t->data_offset, t->data_length, end))
        return mvm_media_refuse(error, "the data lies beyond the end of the file");
    if (t->plist_length < 1 || t->plist_length > MVM_PLIST_MAX)
        return mvm_media_refuse(error, "the size of the property list is out of bounds");
    if (!mvm_range_fits(t->plist_offset, t->plist_length, end))
        return mvm_media_refuse(error, "the property list lies beyond the end of the file");
    if (t->sectors < 1 || t->sectors > MVM_DECODED_MAX / MVM_SECTOR)
        return mvm_media_refuse(error, "the size of the decoded image is out of bounds");
    if (!checksum_known(&t->data) || !checksum_known(&t->master))
        return mvm_media_refuse(error, "a checksum of the image is of an unknown kind");
    return true;
}

bool
mvm_udif_check_table(const MvmUdif *udif, const MvmUdifTable *table, size_t blob_len,
                     GError **error)
{
    uint64_t expected = MVM_UDIF_TABLE_HEADER + (uint64_t)table->run_count * MVM_UDIF_RUN_RECORD;
    uint32_t index = udif->tables->len;
    uint64_t begin = 0;

    if (index >= MVM_TABLES_MAX)
        return mvm_media_refuse(error, "more than %u tables", MVM_TABLES_MAX);
    if (table->version != MISH_VERSION)
        return mvm_media_refuse(error, "table %u: unknown version", index);
    if (table->run_count < 1 || expected != blob_len)
        return mvm_media_refuse(error, "table %u: its size does not match its %u runs", index,
                                table->run_count);
    if (table->run_count > MVM_RUNS_MAX - udif->runs->len)
        return mvm_media_refuse(error, "more than %u runs", MVM_RUNS_MAX);
    if (!mvm_range_fits(table->sector, table->sectors, udif->trailer.sectors))
        return mvm_media_refuse(error, "table %u: it lies beyond the end of the decoded image",
                                index);
    if (index > 0) {
        const MvmUdifTable *last = mvm_udif_get_table(udif, index - 1);

        begin = last->sector + last->sectors;
    }
    if (table->sector < begin)
        return mvm_media_refuse(error, "table %u: it overlaps the one before", index);
    if (table->data_offset > udif->trailer.data_length)
        return mvm_media_refuse(error, "table %u: its data lies beyond the end of the data fork",
                                index);
    if (!checksum_known(&table->checksum))
        return mvm_media_refuse(error, "table %u: its checksum is of an unknown kind", index);
    return true;
}

/* The payload of a run that has one: kind, sizes, place. */
static bool
check_payload(const MvmUdif *udif, const MvmUdifTableState *state, const MvmUdifRun *run,
              GError **error)
{
    uint64_t decoded = run->sectors * MVM_SECTOR;
    uint64_t fork = udif->trailer.data_length - state->table->data_offset;

    switch (run->type) {
    case MVM_RUN_RAW:
        if (run->length != decoded)
            return mvm_media_refuse(error, "table %u: a raw run's length differs from its size",
                                    state->index);
        break;
    case MVM_RUN_ADC:
    case MVM_RUN_ZLIB:
    case MVM_RUN_BZIP2:
    case MVM_RUN_XZ:
        if (decoded > MVM_RUN_DECODED_MAX)
            return mvm_media_refuse(error, "table %u: a compressed run of more than 64 MiB",
                                    state->index);
        if (run->length < 1 || run->length > MVM_RUN_PAYLOAD_MAX(decoded))
            return mvm_media_refuse(
                error, "table %u: the length of a compressed run is out of bounds", state->index);
        break;
    case MVM_RUN_LZFSE:
        mvm_media_refuse(error, "it is compressed with LZFSE, which this build cannot decode");
        mvm_error_set_hint(error,
                           "convert it on a Mac: 'hdiutil convert IMAGE -format UDZO -o NEW'");
        return false;
    default:
        return mvm_media_refuse(error, "table %u: unknown type of run 0x%08x", state->index,
                                run->type);
    }
    if (!mvm_range_fits(run->offset, run->length, fork))
        return mvm_media_refuse(
            error, "table %u: a run's data lies beyond the end of the data fork", state->index);
    return true;
}

bool
mvm_udif_check_run(const MvmUdif *udif, const MvmUdifTableState *state, const MvmUdifRun *run,
                   GError **error)
{
    if (run->sector != state->next_sector)
        return mvm_media_refuse(error, "table %u: its runs leave a gap or overlap", state->index);
    if (run->sectors < 1 && (run->type == MVM_RUN_ZERO || run->type == MVM_RUN_IGNORE))
        return true; /* older hdiutil writes such a run before the end mark */
    if (run->sectors < 1 || !mvm_range_fits(run->sector, run->sectors, state->table->sectors))
        return mvm_media_refuse(error, "table %u: the size of a run is out of bounds",
                                state->index);
    if (run->type == MVM_RUN_ZERO || run->type == MVM_RUN_IGNORE)
        return true;
    return check_payload(udif, state, run, error);
}

bool
mvm_udif_check_table_end(const MvmUdifTableState *state, uint32_t last_type, GError **error)
{
    if (last_type != MVM_RUN_END)
        return mvm_media_refuse(error, "table %u: the end mark is missing or not the last",
                                state->index);
    if (state->next_sector != state->table->sectors)
        return mvm_media_refuse(error, "table %u: its runs do not cover it", state->index);
    return true;
}

/* The master checksum is that of the tables' checksums, four bytes each, in their order. */
static bool
check_master(const MvmUdif *udif, GError **error)
{
    uint8_t sums[MVM_TABLES_MAX * 4];
    size_t len = 0;

    if (udif->trailer.master.type == CHECKSUM_NONE)
        return true;
    for (uint32_t i = 0; i < udif->tables->len; i++) {
        const MvmUdifChecksum *sum = &mvm_udif_get_table(udif, i)->checksum;

        if (sum->type == CHECKSUM_NONE)
            continue;
        for (int shift = 24; shift >= 0; shift -= 8)
            sums[len++] = (uint8_t)(sum->crc >> shift);
    }
    if (mvm_crc32(sums, len) != udif->trailer.master.crc)
        return mvm_media_refuse(error, "the master checksum does not match");
    return true;
}

bool
mvm_udif_check_image(const MvmUdif *udif, GError **error)
{
    const MvmUdifTable *last = NULL;

    if (udif->tables->len == 0)
        return mvm_media_refuse(error, "no table of partitions in the property list");
    last = mvm_udif_get_table(udif, udif->tables->len - 1);
    if (last->sector + last->sectors != udif->trailer.sectors)
        return mvm_media_refuse(error, "the tables do not reach the end of the decoded image");
    if (udif->runs->len == 0)
        return mvm_media_refuse(error, "the tables hold no runs");
    return check_master(udif, error);
}
