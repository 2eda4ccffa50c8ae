/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A picture of QEMU's screen as PNG (https://www.w3.org/TR/png/). Old QEMU gives a PPM. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest picture, in pixels a side. */
#define MVM_PICTURE_MAX 16384

/* Whether the bytes begin as a PNG does. */
bool mvm_png_is(const void *data, size_t len);

/* The size of a PNG of len bytes, in pixels; 0 and 0 when it has no header. */
void mvm_png_size(const void *data, size_t len, uint32_t *ret_width, uint32_t *ret_height);

/* Makes a PNG of a binary PPM (P6, eight bits a sample). Fails with MVM_ERROR_FAILED when the bytes
 * are not one, are cut off, or tell a size beyond MVM_PICTURE_MAX. The caller frees. */
GByteArray *mvm_png_from_ppm(const void *data, size_t len, GError **error);
