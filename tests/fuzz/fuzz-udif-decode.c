/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole pipeline from any bytes to an ordered sink in memory of at most 1 MiB: loaded in chunks
 * and read, with the same end. */
#include "../unit/media-memory.h"
#include "media/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Free sink->data afterwards. */
static void
decode(const uint8_t *data, size_t size, bool read, MemorySink *sink)
{
    MemorySource source;
    g_autoptr(GError) error = NULL;
    MvmUnpack unpack = {.source = &source.source, .sink = &sink->sink, .threads = 1};

    /* Small chunks: many runs then lie in several. */
    memory_source_init(&source, data, size, 1000, read);
    memory_sink_init(sink, true, 1 << 20);
    if (mvm_media_unpack(&unpack, &error)) {
        g_assert_no_error(error);
        g_assert_true(sink->finished);
        g_assert_cmpuint(sink->aborted, ==, 0);
    } else {
        g_assert_nonnull(error);
        g_assert_false(sink->finished);
        g_assert_cmpuint(sink->aborted, ==, 1);
        g_assert_false(sink->kept);
    }
    mvm_chunk_map_clear(&source.map);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MemorySink loaded, read;

    if (size == 0)
        return 0;
    decode(data, size, false, &loaded);
    decode(data, size, true, &read);
    g_assert_true(loaded.finished == read.finished);
    if (read.finished)
        g_assert_cmpmem(loaded.data, loaded.size, read.data, read.size);
    g_free(loaded.data);
    g_free(read.data);
    return 0;
}
