/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disk images through the whole pipeline: those of the fuzz corpus, whose names tell what they
 * are ("ok-", "bad-"), and the pieces that the pipeline is made of. */
#include "media-memory.h"
#include "media/codec.h"
#include "media/crc32.h"
#include "media/extents.h"
#include "media/journal.h"
#include "media/media-limits.h"
#include "media/plan.h"
#include "media/tally.h"
#include "media/unpack.h"
#include "util/error.h"
#include "util/file.h"

#include <glib/gstdio.h>

static const char corpus[] = "fuzz/corpus/udif";

/* Progress that never goes back, nor beyond its end. */
typedef struct {
    MvmProgress progress;
    uint64_t done;
    uint64_t total;
} Steady;

static bool
steady_update(MvmProgress *progress, const char *what, uint64_t done, uint64_t total)
{
    Steady *self = progress->opaque;

    g_assert_cmpuint(done, >=, self->done);
    g_assert_cmpuint(done, <=, total);
    self->done = done;
    self->total = total;
    return true;
}

static void
steady_note(MvmProgress *progress, const char *text)
{
}

/* Decodes the file, read or loaded in chunks of that length; the caller frees sink->data. */
static bool
decode(const char *path, uint32_t chunk, bool read, bool ordered, unsigned threads,
       MemorySink *sink, GError **error)
{
    MemorySource source;
    size_t len = 0;
    g_autofree char *text = mvm_file_read(path, MVM_MIB, &len, NULL);
    Steady steady = {.progress = {.update = steady_update, .note = steady_note, .opaque = &steady}};
    MvmUnpack unpack = {.source = &source.source,
                        .sink = &sink->sink,
                        .progress = &steady.progress,
                        .threads = threads};
    bool good = false;

    g_assert_nonnull(text);
    memory_source_init(&source, (const uint8_t *)text, len, chunk, read);
    memory_sink_init(sink, ordered, MVM_MIB);
    good = mvm_media_unpack(&unpack, error);
    if (good)
        g_assert_cmpuint(steady.done, ==, steady.total);
    mvm_chunk_map_clear(&source.map);
    return good;
}

/* However it is read or cut and in whatever order it is written, the result is the same. */
static void
assert_decodes(const char *path)
{
    const uint32_t chunks[] = {MVM_MIB, 4096, 700, 700};
    g_autofree uint8_t *first = NULL;

    for (size_t i = 0; i < 8; i++) {
        g_autoptr(GError) error = NULL;
        MemorySink sink;

        g_assert_true(
            decode(path, chunks[i / 2], i >= 6, i % 2 == 1, 1 + (unsigned)i / 2, &sink, &error));
        g_assert_no_error(error);
        g_assert_true(sink.finished);
        if (first == NULL)
            first = g_steal_pointer(&sink.data);
        else
            g_assert_cmpmem(first, sink.size, sink.data, sink.size);
        g_free(sink.data);
    }
}

static void
assert_refused(const char *path)
{
    for (unsigned i = 0; i < 4; i++) {
        g_autoptr(GError) error = NULL;
        MemorySink sink;

        g_assert_false(decode(path, 4096, i >= 2, i % 2 == 1, 2, &sink, &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
        g_assert_true(g_str_has_prefix(error->message, "cannot use 'memory': "));
        g_assert_false(sink.finished);
        g_assert_cmpuint(sink.aborted, ==, 1);
        g_assert_false(sink.kept);
        g_free(sink.data);
    }
}

/* The checksum of the data fork is the file source's to check; the rest is seen here. */
static bool
only_source_sees(const char *name)
{
    return g_str_equal(name, "bad-koly-data-crc");
}

static void
test_corpus(void)
{
    g_autofree char *folder = g_test_build_filename(G_TEST_DIST, corpus, NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    unsigned good = 0, bad = 0;
    const char *name = NULL;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        g_test_message("%s", name);
        if (g_str_has_prefix(name, "ok-")) {
            assert_decodes(path);
            good++;
        } else if (!only_source_sees(name)) {
            assert_refused(path);
            bad++;
        }
    }
    g_assert_cmpuint(good, >=, 7);
    g_assert_cmpuint(bad, >=, 60);
}

static void
test_adc(void)
{
    const struct {
        const char *in;
        size_t in_len;
        const char *out; /* NULL: refused */
        size_t out_len;
    } cases[] = {
        {"\x82"
         "abc",
         4, "abc", 3},
        {"\x80"
         "a\x08\x00",
         4, "aaaaaa", 6}, /* overlapping short copy */
        {"\x81"
         "ab\x41\x00\x01",
         6, "abababa", 7}, /* long copy */
        {"\x80"
         "a\x08\x01",
         4, NULL, 6}, /* before the start */
        {"\x82"
         "ab",
         3, NULL, 3}, /* literals cut */
        {"\x80"
         "a\x08",
         3, NULL, 6}, /* short copy cut */
        {"\x80"
         "a\x41\x00",
         4, NULL, 6}, /* long copy cut */
        {"\x82"
         "abc",
         4, NULL, 2}, /* longer than asked */
        {"\x82"
         "abc",
         4, NULL, 4}, /* shorter */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree uint8_t *out = g_malloc0(cases[i].out_len);
        bool good =
            mvm_adc_decode((const uint8_t *)cases[i].in, cases[i].in_len, out, cases[i].out_len);

        g_assert_cmpint(good, ==, cases[i].out != NULL);
        if (good)
            g_assert_cmpmem(out, cases[i].out_len, cases[i].out, cases[i].out_len);
    }
}

static void
test_crc32(void)
{
    uint8_t zeros[1000] = {0};

    g_assert_cmphex(mvm_crc32("123456789", 9), ==, 0xcbf43926);
    g_assert_cmphex(mvm_crc32_join(mvm_crc32("1234", 4), mvm_crc32("56789", 5), 5), ==, 0xcbf43926);
    for (size_t len = 0; len <= sizeof(zeros); len += 77)
        g_assert_cmphex(mvm_crc32_zeros(len), ==, mvm_crc32(zeros, len));
    /* Longer than any buffer: in two halves it is the same. */
    g_assert_cmphex(mvm_crc32_zeros(MVM_GIB), ==,
                    mvm_crc32_join(mvm_crc32_zeros(MVM_GIB - 5), mvm_crc32_zeros(5), 5));
}

static void
test_extents(void)
{
    MemorySink sink;
    MvmExtents extents = {.sink = &sink.sink};
    uint8_t data[3 * 4096] = {0};

    memory_sink_init(&sink, true, sizeof(data) * 2);
    g_assert_true(memory_begin(&sink.sink, sizeof(data) * 2, 0, NULL));
    data[4096] = 1;
    g_assert_true(mvm_extents_write(&extents, 4096, data, sizeof(data), NULL));
    /* The hole before, the zero block, the data; what follows is zero and not yet told. */
    g_assert_cmpuint(sink.position, ==, 3 * 4096);
    g_assert_true(mvm_extents_flush(&extents, sizeof(data) * 2, NULL));
    g_assert_cmpuint(sink.position, ==, sizeof(data) * 2);
    g_assert_cmpuint(sink.data[2 * 4096], ==, 1);
    g_assert_cmpuint(sink.data[2 * 4096 - 1], ==, 0);
    g_assert_cmpuint(sink.data[sizeof(data) * 2 - 1], ==, 0);
    g_free(sink.data);
}

/* An image whose payloads lie in the reverse order of its sectors. */
static MvmUdif *
reversed_image(unsigned runs, uint64_t length)
{
    MvmUdif *udif = g_new0(MvmUdif, 1);

    udif->tables = g_array_new(FALSE, FALSE, sizeof(MvmUdifTable));
    udif->runs = g_array_new(FALSE, FALSE, sizeof(MvmUdifRun));
    for (unsigned i = 0; i < runs; i++) {
        MvmUdifRun run = {
            .type = MVM_RUN_ZLIB,
            .sector = i,
            .sectors = 1,
            .offset = (runs - 1 - i) * length,
            .length = length,
        };

        g_array_append_val(udif->runs, run);
    }
    return udif;
}

/* Every run finds its chunks loaded, within the window, in any order of payloads. */
static void
assert_plan_holds(const MvmUdif *udif, const MvmChunkMap *map, const MvmPlan *plan)
{
    g_autofree uint32_t *uses = g_new0(uint32_t, plan->steps->len);

    for (size_t i = plan->first_run; i < udif->runs->len; i++) {
        const MvmUdifRun *run = mvm_udif_get_run(udif, i);
        size_t count = 0;
        const uint32_t *needs = mvm_plan_get_needs(plan, i, &count);

        g_assert_cmpuint(mvm_plan_get_step(plan, needs[0])->chunk, ==,
                         mvm_chunk_map_find(map, run->offset));
        g_assert_cmpuint(mvm_plan_get_step(plan, needs[count - 1])->chunk, ==,
                         mvm_chunk_map_find(map, run->offset + run->length - 1));
        for (size_t k = 0; k < count; k++)
            uses[needs[k]]++;
    }
    for (size_t i = 0; i < plan->steps->len; i++)
        g_assert_cmpuint(uses[i], ==, mvm_plan_get_step(plan, i)->uses);
}

static void
test_plan(void)
{
    g_autoptr(MvmUdif) udif = reversed_image(100, 30);
    g_autoptr(MvmPlan) plan = NULL;
    g_autoptr(MvmPlan) rest = NULL;
    MvmChunkMap map = {0};

    mvm_chunk_map_init(&map, 3000, 100);
    plan = mvm_plan_new(udif, &map, 0);
    g_assert_cmpuint(plan->window, ==, 4);
    g_assert_cmpuint(plan->steps->len, ==, 30);
    assert_plan_holds(udif, &map, plan);
    rest = mvm_plan_new(udif, &map, 90);
    g_assert_cmpuint(rest->steps->len, ==, 3);
    assert_plan_holds(udif, &map, rest);
    mvm_chunk_map_clear(&map);
}

/* Two halves that take turns, too far apart for the window: chunks come again and again. */
static void
test_plan_thrash(void)
{
    g_autoptr(MvmUdif) udif = reversed_image(100, 30);
    g_autoptr(MvmPlan) plan = NULL;
    MvmChunkMap map = {0};

    for (unsigned i = 0; i < 100; i++)
        g_array_index(udif->runs, MvmUdifRun, i).offset = (i * 37 % 100) * 30;
    mvm_chunk_map_init(&map, 3000, 100);
    plan = mvm_plan_new(udif, &map, 0);
    g_assert_cmpuint(plan->steps->len, >, 30);
    assert_plan_holds(udif, &map, plan);
    mvm_chunk_map_clear(&map);
}

/* Two tables of three runs of one sector, with two sectors between them. The second run of each is
 * free space, whose zeros its table's checksum leaves out. */
static MvmUdif *
two_tables(const uint8_t *image)
{
    MvmUdif *udif = reversed_image(6, 1);

    for (unsigned table = 0; table < 2; table++) {
        uint64_t begin = table * 5;
        uint8_t covered[2 * MVM_SECTOR];
        MvmUdifTable head = {.sector = begin, .sectors = 3, .checksum = {.type = 2, .bits = 32}};

        memcpy(covered, image + begin * MVM_SECTOR, MVM_SECTOR);
        memcpy(covered + MVM_SECTOR, image + (begin + 2) * MVM_SECTOR, MVM_SECTOR);
        head.checksum.crc = mvm_crc32(covered, sizeof(covered));
        g_array_append_val(udif->tables, head);
        for (unsigned i = 0; i < 3; i++) {
            MvmUdifRun *run = &g_array_index(udif->runs, MvmUdifRun, table * 3 + i);

            run->table = table;
            run->sector = begin + i;
            run->type = i == 1 ? MVM_RUN_IGNORE : MVM_RUN_ZLIB;
        }
    }
    return udif;
}

static uint32_t
crc_of_run(const MvmUdif *udif, const uint8_t *image, size_t run)
{
    return mvm_crc32(image + mvm_udif_get_run(udif, run)->sector * MVM_SECTOR, MVM_SECTOR);
}

/* In whatever order runs finish, the mark is at the first that is missing, and its checksums are of
 * what is before it. */
static void
test_tally(void)
{
    static const size_t order[] = {1, 2, 5, 0, 4, 3};
    static const uint64_t marks[] = {0, 0, 0, 3, 3, 6};
    static const uint64_t ends[] = {0, 0, 0, 5, 5, 8}; /* in sectors */
    uint8_t image[8 * MVM_SECTOR] = {0};
    g_autoptr(MvmUdif) udif = NULL;
    MvmTally tally, rest;

    for (size_t i = 0; i < sizeof(image); i++) {
        if (i / MVM_SECTOR % 5 == 0 || i / MVM_SECTOR % 5 == 2)
            image[i] = (uint8_t)(i * 31 / 7);
    }
    udif = two_tables(image);
    mvm_tally_init(&tally, "x", udif, (MvmMediaMark){0}, true);
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        g_assert_false(mvm_tally_is_complete(&tally));
        g_assert_true(mvm_tally_add(&tally, order[i], crc_of_run(udif, image, order[i]), NULL));
        g_assert_cmpuint(tally.mark.run, ==, marks[i]);
        g_assert_cmphex(tally.mark.whole, ==, mvm_crc32(image, ends[i] * MVM_SECTOR));
    }
    g_assert_true(mvm_tally_is_complete(&tally));
    mvm_tally_clear(&tally);

    /* From a mark within the second table on. */
    mvm_tally_init(&rest, "x", udif,
                   (MvmMediaMark){
                       .run = 4,
                       .crc = crc_of_run(udif, image, 3),
                       .whole = mvm_crc32(image, 6 * MVM_SECTOR),
                   },
                   true);
    g_assert_true(mvm_tally_add(&rest, 4, crc_of_run(udif, image, 4), NULL));
    g_assert_true(mvm_tally_add(&rest, 5, crc_of_run(udif, image, 5), NULL));
    g_assert_true(mvm_tally_is_complete(&rest));
    g_assert_cmphex(rest.mark.whole, ==, mvm_crc32(image, sizeof(image)));
    mvm_tally_clear(&rest);
}

static void
test_tally_mismatch(void)
{
    const uint8_t image[8 * MVM_SECTOR] = {1};
    g_autoptr(MvmUdif) udif = two_tables(image);
    g_autoptr(GError) error = NULL;
    MvmTally tally;

    mvm_tally_init(&tally, "x y", udif, (MvmMediaMark){0}, false);
    g_assert_true(mvm_tally_add(&tally, 0, crc_of_run(udif, image, 0) ^ 1, &error));
    g_assert_true(mvm_tally_add(&tally, 2, crc_of_run(udif, image, 2), &error));
    g_assert_false(mvm_tally_add(&tally, 1, crc_of_run(udif, image, 1), &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
    g_assert_cmpstr(error->message, ==, "cannot use 'x y': table 0: its checksum does not match");
    mvm_tally_clear(&tally);
}

static void
test_journal(void)
{
    g_autofree char *dir = g_dir_make_tmp("macvm-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "journal", NULL);
    const uint8_t image[MVM_SHA256_SIZE] = {1};
    const uint8_t other[MVM_SHA256_SIZE] = {2};
    g_autoptr(MvmMediaJournal) journal = mvm_media_journal_new(path, image);
    g_autoptr(MvmMediaJournal) stranger = mvm_media_journal_new(path, other);
    MvmMediaMark mark = {.run = 70, .crc = 0xffffffff};

    g_assert_cmpuint(mvm_media_journal_load(journal, "here").run, ==, 0);
    g_assert_true(mvm_media_journal_save(journal, "here", mark, NULL));
    g_assert_cmpuint(mvm_media_journal_load(journal, "here").run, ==, 70);
    g_assert_cmphex(mvm_media_journal_load(journal, "here").crc, ==, 0xffffffff);
    g_assert_cmpuint(mvm_media_journal_load(journal, "there").run, ==, 0);
    g_assert_cmpuint(mvm_media_journal_load(journal, NULL).run, ==, 0);
    g_assert_cmpuint(mvm_media_journal_load(stranger, "here").run, ==, 0);
    g_assert_true(mvm_file_replace(path, "[macvm-fetch]\nrun=", 18, 0600, NULL));
    g_assert_cmpuint(mvm_media_journal_load(journal, "here").run, ==, 0);
    mvm_media_journal_remove(journal);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_rmdir(dir);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
    g_test_add_func("/udif/corpus", test_corpus);
    g_test_add_func("/codec/adc", test_adc);
    g_test_add_func("/crc32", test_crc32);
    g_test_add_func("/extents", test_extents);
    g_test_add_func("/plan/reversed", test_plan);
    g_test_add_func("/plan/thrash", test_plan_thrash);
    g_test_add_func("/tally/order", test_tally);
    g_test_add_func("/tally/mismatch", test_tally_mismatch);
    g_test_add_func("/journal", test_journal);
    return g_test_run();
}
