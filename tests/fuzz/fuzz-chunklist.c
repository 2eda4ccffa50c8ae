/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chunklist parser over any bytes: what it accepts must be a gap-free map of a file. */
#include "media/chunklist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(MvmChunklist) list = mvm_chunklist_parse(data, size, NULL);

    if (list == NULL)
        return 0;
    g_assert_cmpuint(mvm_chunk_map_get_size(&list->map), >=, list->map.count);
    for (uint32_t i = 0; i < list->map.count; i++) {
        uint64_t start = list->map.starts[i];

        g_assert_cmpuint(mvm_chunk_map_get_length(&list->map, i), <=, list->map.max_length);
        g_assert_cmpuint(mvm_chunk_map_find(&list->map, start), ==, i);
        g_assert_cmpuint(mvm_chunk_map_find(&list->map, list->map.starts[i + 1] - 1), ==, i);
    }
    return 0;
}
