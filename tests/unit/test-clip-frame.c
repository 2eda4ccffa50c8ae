/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/frame.h"
#include "util/error.h"

#include <string.h>

/* Three frames, one of them without payload and one with every byte value. */
static GByteArray *
make_stream(void)
{
    GByteArray *stream = g_byte_array_new();
    uint8_t all[256];
    uint32_t seq = 0;

    for (unsigned i = 0; i < sizeof(all); i++)
        all[i] = (uint8_t)i;
    mvm_frame_append(stream, &seq, 'H', 7, "poll 1", 6);
    mvm_frame_append(stream, &seq, 'C', 0xfffffffe, NULL, 0);
    mvm_frame_append(stream, &seq, 'D', 0, all, sizeof(all));
    return stream;
}

static void
assert_frame(MvmFrameReader *reader, char type, uint32_t meta, size_t len)
{
    g_auto(MvmFrame) frame = {0};
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(mvm_frame_reader_next(reader, &frame, &error), ==, MVM_FRAME_READY);
    g_assert_no_error(error);
    g_assert_cmpint(frame.type, ==, type);
    g_assert_cmpuint(frame.meta, ==, meta);
    g_assert_cmpuint(g_bytes_get_size(frame.payload), ==, len);
}

static void
assert_more(MvmFrameReader *reader)
{
    MvmFrame frame = {0};

    g_assert_cmpint(mvm_frame_reader_next(reader, &frame, NULL), ==, MVM_FRAME_MORE);
}

static void
assert_broken(MvmFrameReader *reader, const char *cause)
{
    MvmFrame frame = {0};
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(mvm_frame_reader_next(reader, &frame, &error), ==, MVM_FRAME_BROKEN);
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, cause));
}

static void
assert_stream(MvmFrameReader *reader)
{
    assert_frame(reader, 'H', 7, 6);
    assert_frame(reader, 'C', 0xfffffffe, 0);
    assert_frame(reader, 'D', 0, 256);
    assert_more(reader);
}

static void
test_format(void)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    uint32_t seq = 0x2a;

    mvm_frame_append(out, &seq, 'S', 3, "a\0b", 3);
    g_assert_cmpuint(seq, ==, 0x2b);
    g_assert_cmpmem(out->data, out->len, "MCV1S 0000002a0000000300000003\na\0b", 34);
}

/* Collects all frames that two pieces give; a frame may be complete after the first. */
static void
test_split(void)
{
    g_autoptr(GByteArray) stream = make_stream();

    for (guint cut = 0; cut <= stream->len; cut++) {
        g_autoptr(MvmFrameReader) reader = mvm_frame_reader_new();
        g_autoptr(GString) types = g_string_new(NULL);

        for (int part = 0; part < 2; part++) {
            guint from = part == 0 ? 0 : cut, to = part == 0 ? cut : stream->len;
            g_auto(MvmFrame) frame = {0};

            mvm_frame_reader_feed(reader, stream->data + from, to - from);
            while (mvm_frame_reader_next(reader, &frame, NULL) == MVM_FRAME_READY) {
                g_string_append_c(types, frame.type);
                mvm_frame_clear(&frame);
            }
        }
        g_assert_cmpstr(types->str, ==, "HCD");
    }
}

static void
test_bytewise(void)
{
    g_autoptr(GByteArray) stream = make_stream();
    g_autoptr(MvmFrameReader) reader = mvm_frame_reader_new();
    g_autoptr(GByteArray) payload = g_byte_array_new();
    g_auto(MvmFrame) frame = {0};

    for (guint i = 0; i < stream->len; i++) {
        mvm_frame_reader_feed(reader, stream->data + i, 1);
        if (mvm_frame_reader_next(reader, &frame, NULL) != MVM_FRAME_READY)
            continue;
        g_byte_array_append(payload, g_bytes_get_data(frame.payload, NULL),
                            (guint)g_bytes_get_size(frame.payload));
        mvm_frame_clear(&frame);
    }
    g_assert_cmpuint(payload->len, ==, 262);
    for (guint i = 0; i < 256; i++)
        g_assert_cmpuint(payload->data[6 + i], ==, i);
}

static void
test_noise(void)
{
    g_autoptr(GByteArray) stream = make_stream();
    const char *noises[] = {"Welcome\n", "MCV", "MCV1MCV1", "MCV1H 0000000000000000000000zz\n",
                            "MMCVV1\r\n\xff"};

    for (size_t i = 0; i < G_N_ELEMENTS(noises); i++) {
        g_autoptr(MvmFrameReader) reader = mvm_frame_reader_new();

        mvm_frame_reader_feed(reader, noises[i], strlen(noises[i]));
        assert_more(reader);
        mvm_frame_reader_feed(reader, stream->data, stream->len);
        assert_stream(reader);
    }
}

static void
test_noise_without_end(void)
{
    g_autoptr(MvmFrameReader) reader = mvm_frame_reader_new();
    g_autofree char *noise = g_strnfill(64 * 1024, 'M');
    unsigned pieces = 0;
    MvmFrame frame = {0};

    do {
        mvm_frame_reader_feed(reader, noise, 64 * 1024);
        pieces++;
    } while (mvm_frame_reader_next(reader, &frame, NULL) == MVM_FRAME_MORE && pieces < 100);
    g_assert_cmpuint(pieces, ==, 5);
}

/* The stream with one byte replaced. */
static void
assert_garbage(guint offset, char value, const char *cause)
{
    g_autoptr(GByteArray) stream = make_stream();
    g_autoptr(MvmFrameReader) reader = mvm_frame_reader_new();

    stream->data[offset] = (uint8_t)value;
    mvm_frame_reader_feed(reader, stream->data, stream->len);
    assert_frame(reader, 'H', 7, 6);
    assert_broken(reader, cause);
    assert_broken(reader, "out of step");
    mvm_frame_reader_feed(reader, stream->data, stream->len);
    assert_broken(reader, "out of step");
}

static void
test_garbage(void)
{
    const guint second = MVM_FRAME_HEADER_LEN + 6;

    for (guint i = 0; i < MVM_FRAME_HEADER_LEN; i++)
        assert_garbage(second + i, '\x80', "a bad header");
    assert_garbage(second + 4, '1', "a bad header");
    assert_garbage(second + 13, '2', "a frame is missing");
    assert_garbage(second + 22, '1', "too long");
}

static void
test_limit(void)
{
    const char header[] = "MCV1H 000000000000000000100000\n";
    g_autoptr(MvmFrameReader) small = mvm_frame_reader_new();
    g_autoptr(MvmFrameReader) large = mvm_frame_reader_new();

    mvm_frame_reader_feed(small, header, strlen(header));
    assert_broken(small, "too long");
    mvm_frame_reader_set_max(large, 1024 * 1024);
    mvm_frame_reader_feed(large, header, strlen(header));
    assert_more(large);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/format", test_format);
    g_test_add_func("/split", test_split);
    g_test_add_func("/bytewise", test_bytewise);
    g_test_add_func("/noise", test_noise);
    g_test_add_func("/noise-without-end", test_noise_without_end);
    g_test_add_func("/garbage", test_garbage);
    g_test_add_func("/limit", test_limit);
    return g_test_run();
}
