/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/codec.h"

#include "media/media-limits.h"
#include "util/error.h"

#include <bzlib.h>
#include <libdeflate.h>
#include <lzma.h>
#include <string.h>

struct MvmCodec {
    struct libdeflate_decompressor *inflate; /* owned */
};

MvmCodec *
mvm_codec_new(void)
{
    MvmCodec *codec = g_new0(MvmCodec, 1);

    codec->inflate = libdeflate_alloc_decompressor();
    if (codec->inflate == NULL)
        g_error("libdeflate is out of memory");
    return codec;
}

void
mvm_codec_free(MvmCodec *codec)
{
    if (codec == NULL)
        return;
    libdeflate_free_decompressor(codec->inflate);
    g_free(codec);
}

static bool
decode_zlib(MvmCodec *codec, const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len)
{
    size_t used = 0;

    /* Without a place for the number of bytes written, it insists on exactly out_len. */
    return libdeflate_zlib_decompress_ex(codec->inflate, in, in_len, out, out_len, &used, NULL) ==
               LIBDEFLATE_SUCCESS &&
           used == in_len;
}

static bool
decode_bzip2(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len)
{
    bz_stream stream = {
        .next_in = (char *)in,
        .avail_in = (unsigned)in_len,
        .next_out = (char *)out,
        .avail_out = (unsigned)out_len,
    };
    int rc = BZ2_bzDecompressInit(&stream, 0, 0);

    if (rc != BZ_OK)
        return false;
    rc = BZ2_bzDecompress(&stream);
    BZ2_bzDecompressEnd(&stream);
    return rc == BZ_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
}

static bool
decode_xz(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len)
{
    uint64_t memory = MVM_XZ_MEMORY_MAX;
    size_t in_pos = 0;
    size_t out_pos = 0;

    return lzma_stream_buffer_decode(&memory, 0, NULL, in, &in_pos, in_len, out, &out_pos,
                                     out_len) == LZMA_OK &&
           in_pos == in_len && out_pos == out_len;
}

bool
mvm_codec_decode(MvmCodec *codec, uint32_t type, const uint8_t *in, size_t in_len, uint8_t *out,
                 size_t out_len, GError **error)
{
    bool good = false;

    if (type == MVM_RUN_ZLIB)
        good = decode_zlib(codec, in, in_len, out, out_len);
    else if (type == MVM_RUN_BZIP2)
        good = decode_bzip2(in, in_len, out, out_len);
    else if (type == MVM_RUN_XZ)
        good = decode_xz(in, in_len, out, out_len);
    else if (type == MVM_RUN_ADC)
        good = mvm_adc_decode(in, in_len, out, out_len);
    if (!good)
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_FAILED, "its compressed data is damaged");
    return good;
}
