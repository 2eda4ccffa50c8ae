/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of an image file: the chunks that hold trailer and property list. */
#pragma once

#include "media/source.h"

typedef struct {
    uint32_t first;     /* the first of the chunks that are kept; they reach to the last one */
    GPtrArray *buffers; /* owned, of uint8_t * from g_malloc(); an entry may be stolen */
} MvmTail;

/* Loads them and reads the structure of the image. Sets *ret_tail. tick as in MvmChunkTaker. */
MvmUdif *mvm_tail_load(MvmMediaSource *source, bool (*tick)(void *opaque, GError **error),
                       void *opaque, MvmTail *ret_tail, GError **error);
void mvm_tail_clear(MvmTail *tail);

/* The chunk, for the caller to g_free(), or NULL when it is not (or no more) here. */
uint8_t *mvm_tail_steal(MvmTail *tail, uint32_t chunk);
