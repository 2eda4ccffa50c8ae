/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the bytes of an image file come from: a local file (source-file.c) or a recovery server
 * (download.c). Chunks that have to be verified whole are loaded by one thread and handed out;
 * where there is nothing to verify, each decoding thread reads what it needs itself, which keeps it
 * in that processor's cache.
 */
#pragma once

#include "media/buffers.h"
#include "media/chunklist.h"
#include "media/udif.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Who takes the chunks. */
typedef struct MvmChunkTaker MvmChunkTaker;
struct MvmChunkTaker {
    MvmBuffers *buffers; /* what chunks are loaded into; closed when no more are wanted */

    /* The chunk at that place of the list is in buffer, whole and verified; takes the buffer. */
    void (*take)(MvmChunkTaker *self, size_t index, uint8_t *buffer);

    /* Called at least four times a second, from the thread that called load. False: stop. */
    bool (*tick)(MvmChunkTaker *self, GError **error);
};

typedef struct MvmMediaSource MvmMediaSource;
struct MvmMediaSource {
    const char *name; /* of the image, for errors */
    const MvmChunkMap *map;
    unsigned parallel; /* how many chunks it loads at one time */
    const uint8_t *id; /* MvmChunklist.id, or NULL: nothing pins what the image is */

    /* Loads count chunks, in about that order, and gives each to taker exactly once; a chunk may be
     * listed several times. Returns false with an error, or without one when the buffers were
     * closed.
     */
    bool (*load)(MvmMediaSource *self, const uint32_t *chunks, size_t count, MvmChunkTaker *taker,
                 GError **error);

    /* Reads [offset, offset + len) of the file into buffer; from any thread, several at one time.
     * NULL when chunks have to be loaded. */
    bool (*read)(MvmMediaSource *self, uint64_t offset, uint8_t *buffer, size_t len,
                 GError **error);

    /* Told once what the trailer says (borrowed, lives on), before everything but the end of the
     * file is loaded; NULL when the source has no use for it. */
    void (*prepare)(MvmMediaSource *self, const MvmUdifTrailer *trailer);

    /* After everything was loaded or read: checks that need all of the file; taker is only ticked.
     * NULL when it has none. */
    bool (*finish)(MvmMediaSource *self, MvmChunkTaker *taker, GError **error);

    /* True when the last failure of load was the link's, not the data's: trying again later may
     * go on where it ended. */
    bool interrupted;

    void *opaque;
};
