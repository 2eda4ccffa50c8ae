/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/extents.h"

#include <string.h>

static bool
is_zero(const uint8_t *data, size_t len)
{
    return len == 0 || (data[0] == 0 && memcmp(data, data + 1, len - 1) == 0);
}

/* The length of the piece at data that is all zero or all to be written (*ret_zero says which),
 * in steps that end at multiples of unit in the image. */
static size_t
next_piece(uint64_t offset, const uint8_t *data, size_t len, size_t unit, bool *ret_zero)
{
    size_t piece = 0;

    while (piece < len) {
        size_t step = MIN(len - piece, unit - (size_t)((offset + piece) & (unit - 1)));
        bool zero = step == unit && is_zero(data + piece, step);

        if (piece == 0)
            *ret_zero = zero;
        else if (zero != *ret_zero)
            break;
        piece += step;
    }
    return piece;
}

static bool
write_piece(MvmExtents *extents, uint64_t offset, const uint8_t *data, size_t len, GError **error)
{
    MvmMediaSink *sink = extents->sink;

    if (!mvm_extents_flush(extents, offset, error))
        return false;
    if (sink->ordered)
        extents->position = offset + len;
    return sink->write(sink, offset, data, len, error);
}

bool
mvm_extents_write(MvmExtents *extents, uint64_t offset, const uint8_t *data, size_t len,
                  GError **error)
{
    while (len > 0) {
        bool zero = false;
        size_t piece = next_piece(offset, data, len, extents->sink->hole_unit, &zero);

        if (!zero && !write_piece(extents, offset, data, piece, error))
            return false;
        offset += piece;
        data += piece;
        len -= piece;
    }
    return true;
}

bool
mvm_extents_flush(MvmExtents *extents, uint64_t end, GError **error)
{
    MvmMediaSink *sink = extents->sink;
    uint64_t begin = extents->position;

    if (!sink->ordered || begin >= end)
        return true;
    extents->position = end;
    return sink->hole(sink, begin, end - begin, error);
}
