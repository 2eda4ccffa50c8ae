/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the guest sends, in pieces of the sizes that the first bytes of the input say; and what each
 * frame says. */
#include "clip/frame.h"
#include "clip/guest-words.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
take_apart(const MvmFrame *frame)
{
    MvmGuestHello hello = {0};
    MvmClipTypes types = 0;
    bool polls = false;

    mvm_guest_parse_hello(frame, &hello, &polls);
    g_assert_cmpuint(hello.count, ==, frame->meta);
    (void)mvm_guest_parse_changed(frame, &types);
    g_assert_cmpuint(types >> MVM_CLIP_TYPE_COUNT, ==, 0);
    (void)mvm_frame_is(frame, "own");
}

static void
drain(MvmFrameReader *reader)
{
    g_auto(MvmFrame) frame = {0};

    while (mvm_frame_reader_next(reader, &frame, NULL) == MVM_FRAME_READY) {
        g_assert_cmpuint(g_bytes_get_size(frame.payload), <=, MVM_FRAME_PAYLOAD_MAX);
        take_apart(&frame);
        mvm_frame_clear(&frame);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(MvmFrameReader) reader = mvm_frame_reader_new();
    size_t piece = size > 0 ? (size_t)data[0] + 1 : 1;

    for (size_t at = 1; at < size; at += piece) {
        mvm_frame_reader_feed(reader, data + at, MIN(piece, size - at));
        drain(reader);
    }
    return 0;
}
