/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes as people write them. Units are powers of 1024: 16G, 80GiB, 512M, 1T, 4096K, 1048576. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Parses text ("16G", "16 GiB", "16GB", "1.5G"; no unit: bytes) into *ret_bytes.
 * Fails with MVM_ERROR_USAGE on anything else, on zero, and beyond 2^62. */
bool mvm_size_parse(const char *text, uint64_t *ret_bytes, GError **error);

/* "16 GiB", "1.5 GiB", "512 MiB", "17 bytes"; the caller frees. */
char *mvm_size_format(uint64_t bytes);

/* Parses a decimal integer in [min, max] and nothing else; what is the object's name in the
 * error ("--cores"). Fails with MVM_ERROR_USAGE. */
bool mvm_number_parse(const char *what, const char *text, int64_t min, int64_t max,
                      int64_t *ret_value, GError **error);
