/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Integers at any address in files' byte orders, and sums that cannot wrap. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint32_t
mvm_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t
mvm_be64(const uint8_t *p)
{
    return (uint64_t)mvm_be32(p) << 32 | mvm_be32(p + 4);
}

static inline uint32_t
mvm_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint64_t
mvm_le64(const uint8_t *p)
{
    return (uint64_t)mvm_le32(p + 4) << 32 | mvm_le32(p);
}

/* True when [offset, offset + length) lies in [0, end). */
static inline bool
mvm_range_fits(uint64_t offset, uint64_t length, uint64_t end)
{
    return offset <= end && length <= end - offset;
}
