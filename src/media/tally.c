/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/tally.h"

#include "media/crc32.h"
#include "media/media-limits.h"
#include "util/error.h"

static uint64_t
start_of(const MvmTally *tally, uint64_t run)
{
    return mvm_udif_get_run(tally->udif, run)->sector * MVM_SECTOR;
}

void
mvm_tally_init(MvmTally *tally, const char *name, const MvmUdif *udif, MvmMediaMark mark,
               bool keep_whole)
{
    *tally = (MvmTally){.name = name, .udif = udif, .mark = mark, .keep_whole = keep_whole};
    if (mark.run > 0)
        tally->whole_end = start_of(tally, mark.run);
    tally->finished = g_new0(uint8_t, udif->runs->len);
    tally->crcs = g_new0(uint32_t, udif->runs->len);
}

void
mvm_tally_clear(MvmTally *tally)
{
    g_clear_pointer(&tally->finished, g_free);
    g_clear_pointer(&tally->crcs, g_free);
}

static void
add_zeros(MvmTally *tally, uint64_t end)
{
    uint64_t len = end - tally->whole_end;

    if (len > 0)
        tally->mark.whole = mvm_crc32_join(tally->mark.whole, mvm_crc32_zeros(len), len);
    tally->whole_end = end;
}

/* Counts the run at the mark in the checksum of everything, and what lies between two tables:
 * zeros. */
static void
extend_whole(MvmTally *tally, uint32_t crc, uint64_t len)
{
    tally->mark.whole = mvm_crc32_join(tally->mark.whole, crc, len);
    tally->whole_end += len;
    if (!mvm_tally_is_complete(tally))
        add_zeros(tally, start_of(tally, tally->mark.run));
}

/* Moves the mark over one run; compares its table's checksum when that is complete. */
static bool
advance(MvmTally *tally, GError **error)
{
    const MvmUdifRun *run = mvm_udif_get_run(tally->udif, tally->mark.run);
    const MvmUdifTable *table = mvm_udif_get_table(tally->udif, run->table);
    uint32_t crc = tally->crcs[tally->mark.run++];

    if (run->type != MVM_RUN_IGNORE)
        tally->mark.crc = mvm_crc32_join(tally->mark.crc, crc, run->sectors * MVM_SECTOR);
    if (tally->keep_whole)
        extend_whole(tally, crc, run->sectors * MVM_SECTOR);
    if (run->sector + run->sectors != table->sector + table->sectors)
        return true;
    if (table->checksum.type != 0 && table->checksum.crc != tally->mark.crc) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot use '%s': table %u: its checksum does not match", tally->name,
                    run->table);
        return false;
    }
    tally->mark.crc = 0;
    return true;
}

bool
mvm_tally_add(MvmTally *tally, size_t run, uint32_t crc, GError **error)
{
    tally->finished[run] = 1;
    tally->crcs[run] = crc;
    while (!mvm_tally_is_complete(tally) && tally->finished[tally->mark.run]) {
        if (!advance(tally, error))
            return false;
    }
    return true;
}
