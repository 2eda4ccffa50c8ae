/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How far an interrupted fetch came: a small file that is replaced as a whole each time. It is good
 * only for the image whose chunklist has that digest and for the place where it was written.
 */
#pragma once

#include "media/sha256.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
    char *path;                     /* owned */
    uint8_t image[MVM_SHA256_SIZE]; /* MvmChunklist.id */
} MvmMediaJournal;

/* Runs before run are written and safe; crc is the checksum so far of the table that run is in,
 * whole that of everything before run. */
typedef struct {
    uint64_t run;
    uint32_t crc;
    uint32_t whole;
} MvmMediaMark;

MvmMediaJournal *mvm_media_journal_new(const char *path, const uint8_t image[MVM_SHA256_SIZE]);
void mvm_media_journal_free(MvmMediaJournal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmMediaJournal, mvm_media_journal_free)

/* The mark that was saved for this image and place (MvmMediaSink.dup_place), or zero: a journal
 * that is missing, damaged or about something else means to begin anew. */
MvmMediaMark mvm_media_journal_load(const MvmMediaJournal *journal, const char *place);

bool mvm_media_journal_save(const MvmMediaJournal *journal, const char *place, MvmMediaMark mark,
                            GError **error);

void mvm_media_journal_remove(const MvmMediaJournal *journal);
