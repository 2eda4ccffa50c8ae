/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/png.h"

#include "util/error.h"

#include <string.h>
#include <zlib.h>

static const guint8 signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

typedef struct {
    const guint8 *p, *end;
} Input;

bool
mvm_png_is(const void *data, size_t len)
{
    return len > sizeof(signature) && memcmp(data, signature, sizeof(signature)) == 0;
}

/* The first chunk is IHDR, and begins with both. */
void
mvm_png_size(const void *data, size_t len, uint32_t *ret_width, uint32_t *ret_height)
{
    const guint8 *header = (const guint8 *)data + sizeof(signature) + 8;
    uint32_t size[2] = {0};

    if (mvm_png_is(data, len) && len >= sizeof(signature) + 8 + sizeof(size))
        memcpy(size, header, sizeof(size));
    *ret_width = GUINT32_FROM_BE(size[0]);
    *ret_height = GUINT32_FROM_BE(size[1]);
}

/* The next number of a PPM's header: white space and comments first. -1 when there is none. */
static int
read_number(Input *in)
{
    int value = 0;
    const guint8 *first = NULL;

    while (in->p < in->end && (g_ascii_isspace(*in->p) || *in->p == '#')) {
        if (*in->p++ != '#')
            continue;
        while (in->p < in->end && *in->p != '\n')
            in->p++;
    }
    for (first = in->p; in->p < in->end && g_ascii_isdigit(*in->p); in->p++) {
        value = value * 10 + (*in->p - '0');
        if (value > MVM_PICTURE_MAX)
            return -1;
    }
    return in->p > first ? value : -1;
}

static void
put_u32(GByteArray *out, uint32_t value)
{
    uint32_t be = GUINT32_TO_BE(value);

    g_byte_array_append(out, (const guint8 *)&be, sizeof(be));
}

static void
put_chunk(GByteArray *out, const char *type, const guint8 *data, guint len)
{
    guint begin = out->len + 4;

    put_u32(out, len);
    g_byte_array_append(out, (const guint8 *)type, 4);
    if (len > 0)
        g_byte_array_append(out, data, len);
    put_u32(out, (uint32_t)crc32(0, out->data + begin, len + 4));
}

static void
put_header(GByteArray *out, int width, int height)
{
    /* eight bits, RGB, deflate, the five filters, not interlaced */
    guint8 header[13] = {[8] = 8, [9] = 2};
    uint32_t be_width = GUINT32_TO_BE((uint32_t)width);
    uint32_t be_height = GUINT32_TO_BE((uint32_t)height);

    memcpy(header, &be_width, 4);
    memcpy(header + 4, &be_height, 4);
    g_byte_array_append(out, signature, sizeof(signature));
    put_chunk(out, "IHDR", header, sizeof(header));
}

/* Filter "up" of each row: what does not change from row to row becomes zeros. */
static guint8 *
filter_rows(const guint8 *pixels, size_t row, size_t height)
{
    guint8 *rows = g_malloc((row + 1) * height);

    for (size_t y = 0; y < height; y++) {
        const guint8 *above = y > 0 ? pixels + (y - 1) * row : NULL;
        guint8 *to = rows + y * (row + 1);

        *to++ = 2;
        for (size_t x = 0; x < row; x++)
            to[x] = (guint8)(pixels[y * row + x] - (above != NULL ? above[x] : 0));
    }
    return rows;
}

static bool
put_pixels(GByteArray *out, const guint8 *pixels, int width, int height)
{
    size_t row = (size_t)width * 3;
    size_t raw = (row + 1) * (size_t)height;
    uLongf packed_len = compressBound(raw);
    g_autofree guint8 *rows = filter_rows(pixels, row, (size_t)height);
    g_autofree guint8 *packed = g_malloc(packed_len);

    if (compress2(packed, &packed_len, rows, raw, Z_BEST_SPEED) != Z_OK || packed_len > G_MAXINT32)
        return false;
    put_chunk(out, "IDAT", packed, (guint)packed_len);
    return true;
}

GByteArray *
mvm_png_from_ppm(const void *data, size_t len, GError **error)
{
    Input in = {.p = data, .end = (const guint8 *)data + len};
    g_autoptr(GByteArray) out = g_byte_array_new();
    int width = -1, height = -1, max = -1;

    if (len > 2 && memcmp(data, "P6", 2) == 0) {
        in.p += 2;
        width = read_number(&in);
        height = read_number(&in);
        max = read_number(&in);
    }
    if (width <= 0 || height <= 0 || max != 255 || in.p == in.end ||
        (size_t)(in.end - in.p - 1) < (size_t)width * 3 * (size_t)height) {
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_FAILED,
                            "cannot read the picture: not a whole PPM");
        return NULL;
    }
    put_header(out, width, height);
    if (!put_pixels(out, in.p + 1, width, height)) {
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_FAILED,
                            "cannot pack the picture: too large");
        return NULL;
    }
    put_chunk(out, "IEND", NULL, 0);
    return g_steal_pointer(&out);
}
