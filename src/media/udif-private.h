/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the files udif-*.c: the readers, and the rules (udif-check.c). */
#pragma once

#include "media/udif.h"

#define MVM_UDIF_TABLE_HEADER 204u
#define MVM_UDIF_RUN_RECORD 40u
#define MVM_UDIF_CHECKSUM_SIZE 136u

/* What is known about the table that is being read: for messages and for the rules on runs. */
typedef struct {
    uint32_t index;
    const MvmUdifTable *table;
    uint64_t next_sector; /* where the next run has to begin, relative to the table */
} MvmUdifTableState;

/* A checksum field of 136 bytes. */
MvmUdifChecksum mvm_udif_checksum_read(const uint8_t *field);

/* Appends one table and its runs to udif. */
bool mvm_udif_table_parse(MvmUdif *udif, const uint8_t *blob, size_t len, GError **error);

/* Hands each decoded "blkx" table of the property list to mvm_udif_table_parse(). */
bool mvm_udif_plist_parse(MvmUdif *udif, const char *plist, size_t len, GError **error);

/* The rules. Each gives a cause and returns false when what was read breaks one. */
bool mvm_udif_check_trailer(const MvmUdifTrailer *trailer, GError **error);
bool mvm_udif_check_table(const MvmUdif *udif, const MvmUdifTable *table, size_t blob_len,
                          GError **error);
bool mvm_udif_check_run(const MvmUdif *udif, const MvmUdifTableState *state, const MvmUdifRun *run,
                        GError **error);
bool mvm_udif_check_table_end(const MvmUdifTableState *state, uint32_t last_type, GError **error);
bool mvm_udif_check_image(const MvmUdif *udif, GError **error);
