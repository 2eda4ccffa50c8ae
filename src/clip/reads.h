/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reads that a backend was asked for: one after the other, each ended exactly once. The
 * backend supplies how one is started and stopped; checks that are the same everywhere (the
 * generation, the cap, UTF-8) are here.
 */
#pragma once

#include "clip/backend-private.h"

typedef struct {
    uint64_t generation;
    MvmClipType type;
    unsigned silence_ms;
    MvmClipReadFunc done;
    void *data;
} MvmClipRead;

typedef struct {
    MvmClipBackend *backend; /* borrowed: its owner */
    /* Begins read, or fails at once. mvm_clip_reads_finish() follows. */
    bool (*start)(MvmClipBackend *backend, const MvmClipRead *read, GError **error);
    /* Ends what start() began; mvm_clip_reads_finish() must not follow. */
    void (*stop)(MvmClipBackend *backend);
    GQueue waiting;      /* of MvmClipRead, owned */
    MvmClipRead *active; /* owned, or NULL */
    GSource *kick;       /* starts the next one */
} MvmClipReads;

/* mvm_clip_backend_read(). */
void mvm_clip_reads_push(MvmClipReads *reads, uint64_t generation, MvmClipType type,
                         unsigned silence_ms, MvmClipReadFunc done, void *data);

/* Ends the active read with bytes (a reference of which is taken over), read in format, an index of
 * mvm_clip_formats; or, when bytes is NULL, with error, which is taken over. */
void mvm_clip_reads_finish(MvmClipReads *reads, int format, GBytes *bytes, GError *error);

/* Ends every read with MVM_ERROR_CANCELLED. Nothing of reads needs to be freed after it. */
void mvm_clip_reads_cancel(MvmClipReads *reads);
