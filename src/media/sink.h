/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a decoded image goes: a local file (sink-file.c), or what the caller makes of this
 * interface, such as a storage volume.
 *
 * Life: begin, then write, hole and sync in any number, then finish or abort, each once. All calls
 * but write come one at a time; write too, unless the sink says that it takes any order. They come
 * from different threads. A function that fails sets the error, and nothing but abort follows.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct MvmMediaSink MvmMediaSink;

struct MvmMediaSink {
    /* True: write and hole come in ascending order without a gap, from where begin was told to
     * the end, and hole is called. False: writes come in any order and from several threads at
     * once, and hole is never called: what is not written has to read as zero. */
    bool ordered;

    /* Zeros are left out in multiples of this, at multiples of this (bytes, a power of two). */
    size_t hole_unit;

    /* A sync is worth its while after so many bytes, or so many seconds. */
    uint64_t sync_bytes;
    unsigned sync_seconds;

    /* A name for what is there at the moment (owned by the caller), so that a journal kept for
     * something else is not taken up; NULL: it cannot be gone on with. */
    char *(*dup_place)(MvmMediaSink *self);

    /* Before begin: whether the first len bytes of what is there have that CRC-32. False without an
     * error when they do not; with one when the user interrupts. NULL: what was synced and has that
     * place can be relied on. */
    bool (*check)(MvmMediaSink *self, uint64_t len, uint32_t crc, GError **error);

    /* The image has size bytes. resume_at bytes of it are there from an earlier run that ended
     * with a sync; 0 begins anew, whatever is there. Data is written from resume_at on; a sink
     * that is not ordered may get some of the same bytes again. */
    bool (*begin)(MvmMediaSink *self, uint64_t size, uint64_t resume_at, GError **error);

    bool (*write)(MvmMediaSink *self, uint64_t offset, const void *data, size_t len,
                  GError **error);
    bool (*hole)(MvmMediaSink *self, uint64_t offset, uint64_t len, GError **error);

    /* Everything that was written before is safe against a crash when this returns. */
    bool (*sync)(MvmMediaSink *self, GError **error);

    /* The image is complete and every check passed: make it safe and visible. */
    bool (*finish)(MvmMediaSink *self, GError **error);

    /* It will not be completed now. keep: what was synced may be taken up by a later run;
     * otherwise nothing of it may stay. */
    void (*abort)(MvmMediaSink *self, bool keep);

    /* After a failure: whether what was synced is still good, because only the way to it is cut;
     * NULL: never. */
    bool (*is_cut)(MvmMediaSink *self);

    void *opaque; /* the implementation's own */
};
