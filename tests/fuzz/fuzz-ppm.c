/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A picture as QEMU on another host may send it. */
#include "ops/png.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GByteArray) png = mvm_png_from_ppm(data, size, NULL);

    if (png != NULL)
        g_assert_true(mvm_png_is(png->data, png->len));
    return 0;
}
