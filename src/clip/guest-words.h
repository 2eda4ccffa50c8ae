/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Payloads of the frames to and from the agent under osascript; for guest-osascript.c. */
#pragma once

#include "clip/content.h"
#include "clip/frame.h"
#include "clip/guest.h"

/* Reads an H or s frame. Facts that are missing count as good news: an older or newer agent is no
 * reason to refuse. *ret_polls: the agent looks at the pasteboard by itself. */
void mvm_guest_parse_hello(const MvmFrame *frame, MvmGuestHello *ret_hello, bool *ret_polls);

/* Reads a C frame into *ret_types. Returns whether the content is a secret; what is not said to be
 * plain is. */
bool mvm_guest_parse_changed(const MvmFrame *frame, MvmClipTypes *ret_types);

/* True when frame's payload is text. */
bool mvm_frame_is(const MvmFrame *frame, const char *text);

/* Turns one content into frames, a chunk at a time. */
typedef struct {
    MvmClipContent *content; /* a reference; NULL when nothing is being written */
    int next_type;           /* the one being written */
    size_t offset;           /* in its bytes */
    bool committed;          /* the Z frame has been appended */
} MvmContentWriter;

/* Appends the W frame to out. The writer is empty before. */
void mvm_content_writer_begin(MvmContentWriter *writer, MvmClipContent *content, GByteArray *out,
                              uint32_t *seq);

/* Appends the frames of the next chunk; false when the Z frame was among them. */
bool mvm_content_writer_append(MvmContentWriter *writer, GByteArray *out, uint32_t *seq);

void mvm_content_writer_clear(MvmContentWriter *writer);
