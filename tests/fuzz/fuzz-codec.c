/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each decoder from any bytes: one byte of type, two of the size that is wanted, the payload. */
#include "media/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t types[] = {MVM_RUN_ADC, MVM_RUN_ZLIB, MVM_RUN_BZIP2, MVM_RUN_XZ};
    g_autoptr(MvmCodec) codec = mvm_codec_new();
    g_autofree uint8_t *out = NULL;
    size_t out_len = 0;

    if (size < 4)
        return 0;
    out_len = (size_t)data[1] << 8 | data[2];
    /* Exactly as large as told, so that the sanitizer sees one byte too many. */
    out = g_malloc(out_len);
    (void)mvm_codec_decode(codec, types[data[0] % G_N_ELEMENTS(types)], data + 3, size - 3, out,
                           out_len, NULL);
    return 0;
}
