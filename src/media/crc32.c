/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/crc32.h"

#include <libdeflate.h>
#include <zlib.h>

uint32_t
mvm_crc32(const void *data, size_t len)
{
    return libdeflate_crc32(0, data, len);
}

uint32_t
mvm_crc32_join(uint32_t first, uint32_t second, uint64_t second_len)
{
    return (uint32_t)crc32_combine(first, second, (z_off_t)second_len);
}

uint32_t
mvm_crc32_zeros(uint64_t len)
{
    const uint8_t zero = 0;
    uint32_t power = mvm_crc32(&zero, 1); /* of the bit's worth of zeros */
    uint64_t power_len = 1;
    uint32_t crc = 0;

    for (; len > 0; len /= 2) {
        if (len & 1)
            crc = mvm_crc32_join(crc, power, power_len);
        power = mvm_crc32_join(power, power, power_len);
        power_len *= 2;
    }
    return crc;
}
