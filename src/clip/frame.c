/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/frame.h"

#include "util/error.h"

#include <string.h>

#define MAGIC "MCV1"
#define KEEP_MAX ((size_t)1 << 20) /* bytes that an empty reader may hold on to */

struct MvmFrameReader {
    GByteArray *pending; /* owned; bytes fed and not yet taken out, from start on */
    size_t start;
    size_t max;        /* of a payload */
    size_t noise;      /* bytes skipped so far */
    uint32_t next_seq; /* what the next frame must carry */
    bool started;      /* a frame was seen: noise is no longer allowed */
    bool broken;
    bool grown; /* pending was larger than KEEP_MAX */
};

typedef struct {
    char type;
    uint32_t seq, meta, len;
} Header;

void
mvm_frame_clear(MvmFrame *frame)
{
    g_clear_pointer(&frame->payload, g_bytes_unref);
}

MvmFrameReader *
mvm_frame_reader_new(void)
{
    MvmFrameReader *reader = g_new0(MvmFrameReader, 1);

    reader->pending = g_byte_array_new();
    reader->max = MVM_FRAME_PAYLOAD_MAX;
    return reader;
}

void
mvm_frame_reader_free(MvmFrameReader *reader)
{
    if (reader == NULL)
        return;
    g_byte_array_unref(reader->pending);
    g_free(reader);
}

void
mvm_frame_reader_set_max(MvmFrameReader *reader, size_t max)
{
    reader->max = max;
}

void
mvm_frame_reader_feed(MvmFrameReader *reader, const void *data, size_t len)
{
    if (reader->broken)
        return;
    if (reader->start > 0) {
        g_byte_array_remove_range(reader->pending, 0, (guint)reader->start);
        reader->start = 0;
    }
    /* An array never shrinks: after a picture it would keep as much memory for ever. */
    if (reader->pending->len == 0 && reader->grown) {
        g_byte_array_unref(reader->pending);
        reader->pending = g_byte_array_new();
        reader->grown = false;
    }
    g_byte_array_append(reader->pending, data, (guint)len);
    reader->grown = reader->grown || reader->pending->len > KEEP_MAX;
}

static bool
parse_hex(const uint8_t *text, uint32_t *ret_value)
{
    uint32_t value = 0;

    for (size_t i = 0; i < 8; i++) {
        int digit = g_ascii_xdigit_value((char)text[i]);

        if (digit < 0)
            return false;
        value = value << 4 | (uint32_t)digit;
    }
    *ret_value = value;
    return true;
}

/* Reads MVM_FRAME_HEADER_LEN bytes at text. */
static bool
parse_header(const uint8_t *text, Header *ret_header)
{
    Header header = {.type = (char)text[4]};

    if (memcmp(text, MAGIC, 4) != 0 || !g_ascii_isalpha(header.type) || text[5] != ' ' ||
        text[30] != '\n' || !parse_hex(text + 6, &header.seq) ||
        !parse_hex(text + 14, &header.meta) || !parse_hex(text + 22, &header.len))
        return false;
    *ret_header = header;
    return true;
}

static MvmFrameResult
give_up(MvmFrameReader *reader, GError **error, const char *cause)
{
    reader->broken = true;
    g_byte_array_set_size(reader->pending, 0);
    reader->start = 0;
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot read 'the clipboard agent's answer': %s", cause);
    return MVM_FRAME_BROKEN;
}

/* Moves start to the next byte that could begin a header. */
static bool
skip_noise(MvmFrameReader *reader)
{
    const uint8_t *at = reader->pending->data + reader->start;
    size_t left = reader->pending->len - reader->start, skip = 0;

    while (skip < left && memcmp(at + skip, MAGIC, MIN(left - skip, strlen(MAGIC))) != 0)
        skip++;
    reader->start += skip;
    reader->noise += skip;
    return reader->noise <= MVM_FRAME_NOISE_MAX;
}

/* Finds a header at start. *ret_found says whether it is there whole. */
static bool
find_header(MvmFrameReader *reader, Header *ret_header, bool *ret_found)
{
    *ret_found = false;
    for (;;) {
        if (!reader->started && !skip_noise(reader))
            return false;
        if (reader->pending->len - reader->start < MVM_FRAME_HEADER_LEN)
            return true;
        if (parse_header(reader->pending->data + reader->start, ret_header))
            break;
        if (reader->started)
            return false;
        reader->start++; /* noise that happens to begin like a header */
        reader->noise++;
    }
    *ret_found = true;
    return true;
}

MvmFrameResult
mvm_frame_reader_next(MvmFrameReader *reader, MvmFrame *ret_frame, GError **error)
{
    Header header = {0};
    bool found = false;

    if (reader->broken)
        return give_up(reader, error, "it is out of step");
    if (!find_header(reader, &header, &found))
        return give_up(reader, error, reader->started ? "a bad header" : "only noise");
    if (!found)
        return MVM_FRAME_MORE;
    if (header.len > reader->max)
        return give_up(reader, error, "a frame that is too long");
    if (header.seq != reader->next_seq)
        return give_up(reader, error, "a frame is missing");
    if (reader->pending->len - reader->start < MVM_FRAME_HEADER_LEN + (size_t)header.len)
        return MVM_FRAME_MORE;
    reader->started = true;
    reader->next_seq++;
    ret_frame->type = header.type;
    ret_frame->meta = header.meta;
    ret_frame->payload =
        g_bytes_new(reader->pending->data + reader->start + MVM_FRAME_HEADER_LEN, header.len);
    reader->start += MVM_FRAME_HEADER_LEN + (size_t)header.len;
    return MVM_FRAME_READY;
}

void
mvm_frame_append(GByteArray *out, uint32_t *seq, char type, uint32_t meta, const void *payload,
                 size_t len)
{
    char header[MVM_FRAME_HEADER_LEN + 1];

    g_return_if_fail(len <= MVM_FRAME_CHUNK);
    g_snprintf(header, sizeof(header), MAGIC "%c %08x%08x%08x\n", type, (*seq)++, meta,
               (unsigned)len);
    g_byte_array_append(out, (const guint8 *)header, MVM_FRAME_HEADER_LEN);
    if (len > 0)
        g_byte_array_append(out, payload, (guint)len);
}
