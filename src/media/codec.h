/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decoding one run of a disk image. libdeflate, libbz2 and liblzma stay behind this header. */
#pragma once

#include "media/udif.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The state that decoders keep between runs; one a thread. */
typedef struct MvmCodec MvmCodec;

MvmCodec *mvm_codec_new(void);
void mvm_codec_free(MvmCodec *codec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmCodec, mvm_codec_free)

/* Decodes in (a compressed run of that type) to out. True only when in is used up exactly and
 * yields exactly out_len bytes; it never writes beyond out_len. Otherwise out is undefined and the
 * error a cause. */
bool mvm_codec_decode(MvmCodec *codec, uint32_t type, const uint8_t *in, size_t in_len,
                      uint8_t *out, size_t out_len, GError **error);

/* The same for ADC (Apple Data Compression), a byte-oriented LZ77: adc.c. */
bool mvm_adc_decode(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len);
