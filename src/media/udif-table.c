/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/bytes.h"
#include "media/media-limits.h"
#include "media/udif-private.h"
#include "util/error.h"

#include <string.h>

static MvmUdifTable
read_header(const uint8_t *blob)
{
    return (MvmUdifTable){
        .version = mvm_be32(blob + 0x04),
        .sector = mvm_be64(blob + 0x08),
        .sectors = mvm_be64(blob + 0x10),
        .data_offset = mvm_be64(blob + 0x18),
        .checksum = mvm_udif_checksum_read(blob + 0x40),
        .run_count = mvm_be32(blob + 0xc8),
    };
}

/* Sector and offset still relative to the table, as the rules want them. */
static MvmUdifRun
read_run(const uint8_t *record, uint32_t table)
{
    return (MvmUdifRun){
        .type = mvm_be32(record),
        .table = table,
        .sector = mvm_be64(record + 8),
        .sectors = mvm_be64(record + 16),
        .offset = mvm_be64(record + 24),
        .length = mvm_be64(record + 32),
    };
}

/* Adds a checked run, made absolute; a raw one in pieces. */
static void
append_run(MvmUdif *udif, const MvmUdifTable *table, MvmUdifRun run)
{
    const uint64_t piece = MVM_RAW_PIECE / MVM_SECTOR;

    run.sector += table->sector;
    if (run.type == MVM_RUN_ZERO || run.type == MVM_RUN_IGNORE)
        run.offset = run.length = 0;
    else
        run.offset += udif->trailer.data_offset + table->data_offset;
    while (run.type == MVM_RUN_RAW && run.sectors > piece) {
        MvmUdifRun part = run;

        part.sectors = piece;
        part.length = MVM_RAW_PIECE;
        g_array_append_val(udif->runs, part);
        run.sector += piece;
        run.sectors -= piece;
        run.offset += MVM_RAW_PIECE;
        run.length -= MVM_RAW_PIECE;
    }
    g_array_append_val(udif->runs, run);
}

static bool
read_runs(MvmUdif *udif, const MvmUdifTable *table, const uint8_t *records, GError **error)
{
    MvmUdifTableState state = {.index = udif->tables->len, .table = table};
    uint32_t type = MVM_RUN_COMMENT;

    for (uint32_t i = 0; i < table->run_count && type != MVM_RUN_END; i++) {
        MvmUdifRun run = read_run(records + (size_t)i * MVM_UDIF_RUN_RECORD, state.index);

        type = run.type;
        if (type == MVM_RUN_END && i + 1 < table->run_count)
            return mvm_udif_check_table_end(&state, MVM_RUN_COMMENT, error);
        if (type == MVM_RUN_END || type == MVM_RUN_COMMENT)
            continue;
        if (!mvm_udif_check_run(udif, &state, &run, error))
            return false;
        state.next_sector += run.sectors;
        if (run.sectors > 0)
            append_run(udif, table, run);
    }
    return mvm_udif_check_table_end(&state, type, error);
}

bool
mvm_udif_table_parse(MvmUdif *udif, const uint8_t *blob, size_t len, GError **error)
{
    MvmUdifTable table = {0};

    if (len < MVM_UDIF_TABLE_HEADER || memcmp(blob, "mish", 4) != 0) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "table %u: not a table of runs",
                    udif->tables->len);
        return false;
    }
    table = read_header(blob);
    if (!mvm_udif_check_table(udif, &table, len, error) ||
        !read_runs(udif, &table, blob + MVM_UDIF_TABLE_HEADER, error))
        return false;
    g_array_append_val(udif->tables, table);
    return true;
}

MvmUdif *
mvm_udif_parse(const MvmUdifTrailer *trailer, const char *plist, size_t len, GError **error)
{
    g_autoptr(MvmUdif) udif = g_new0(MvmUdif, 1);

    udif->trailer = *trailer;
    udif->tables = g_array_new(FALSE, FALSE, sizeof(MvmUdifTable));
    udif->runs = g_array_new(FALSE, FALSE, sizeof(MvmUdifRun));
    if (!mvm_udif_plist_parse(udif, plist, len, error) || !mvm_udif_check_image(udif, error))
        return NULL;
    return g_steal_pointer(&udif);
}

void
mvm_udif_free(MvmUdif *udif)
{
    if (udif == NULL)
        return;
    g_array_unref(udif->tables);
    g_array_unref(udif->runs);
    g_free(udif);
}
