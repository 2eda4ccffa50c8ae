/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Apple Data Compression, found in disk images up to about 2005. Each record begins with a byte:
 *   1lllllll                     l + 1 literal bytes follow
 *   01llllll dddddddd dddddddd   copy l + 4 bytes from d + 1 back
 *   00lllldd dddddddd            copy l + 3 bytes from d + 1 back
 * A copy may overlap what it writes. (7-Zip AdcDecoder; Wikipedia "Apple Data Compression".)
 */
#include "media/codec.h"

#include <string.h>

typedef struct {
    size_t header;   /* bytes of the record before its literals */
    size_t length;   /* bytes of output */
    size_t distance; /* 0: literals */
} Record;

/* Reads the record at in; false when it is cut. */
static bool
read_record(const uint8_t *in, size_t left, Record *ret_record)
{
    if (in[0] & 0x80) {
        *ret_record = (Record){1, (in[0] & 0x7fu) + 1, 0};
        return left - 1 >= ret_record->length;
    }
    if (in[0] & 0x40) {
        if (left < 3)
            return false;
        *ret_record = (Record){3, (in[0] & 0x3fu) + 4, ((size_t)in[1] << 8 | in[2]) + 1};
        return true;
    }
    if (left < 2)
        return false;
    *ret_record = (Record){2, (in[0] >> 2) + 3u, ((size_t)(in[0] & 3) << 8 | in[1]) + 1};
    return true;
}

bool
mvm_adc_decode(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len)
{
    size_t pos = 0;
    size_t done = 0;

    while (pos < in_len) {
        Record record;

        if (!read_record(in + pos, in_len - pos, &record) || record.length > out_len - done ||
            record.distance > done)
            return false;
        pos += record.header;
        if (record.distance == 0) {
            memcpy(out + done, in + pos, record.length);
            pos += record.length;
        }
        for (size_t i = 0; record.distance != 0 && i < record.length; i++)
            out[done + i] = out[done + i - record.distance];
        done += record.length;
    }
    return done == out_len;
}
