/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Splits decoded data into what has to be written and zeros that need not be. */
#pragma once

#include "media/sink.h"

typedef struct {
    MvmMediaSink *sink; /* borrowed */
    uint64_t position;  /* ordered sinks: everything before was written or told as a hole */
} MvmExtents;

/* Writes what is not zero of data. For an ordered sink offset is not before position; the gap
 * between them, and zeros, become holes (told when the next data or the end comes). */
bool mvm_extents_write(MvmExtents *extents, uint64_t offset, const uint8_t *data, size_t len,
                       GError **error);

/* Tells an ordered sink about the hole up to end, if there is one. */
bool mvm_extents_flush(MvmExtents *extents, uint64_t end, GError **error);
