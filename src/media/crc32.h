/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CRC-32 as disk images use it, of pieces that are checked apart and in any order. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The CRC of data. */
uint32_t mvm_crc32(const void *data, size_t len);

/* The CRC of what first and second are the CRCs of, one after the other; second_len in bytes. */
uint32_t mvm_crc32_join(uint32_t first, uint32_t second, uint64_t second_len);

/* The CRC of len zero bytes, without looking at any. */
uint32_t mvm_crc32_zeros(uint64_t len);
