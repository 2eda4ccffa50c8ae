/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The frames that travel between macvm and the clipboard agent in the guest.
 *
 *   "MCV1" type(1) SP seq(8 hex) meta(8 hex) len(8 hex) LF   31 bytes of ASCII, then len bytes
 *
 * The header is text because the agent takes it apart as a JavaScript string; the payload is raw
 * because there it goes from NSData to the pasteboard untouched. seq starts at 0 and grows by one a
 * frame in each direction, so that a lost or doubled piece of the stream is noticed.
 *
 * host to guest                                   guest to host
 *   W  begin a new content                          H  hello; meta: change count; facts
 *   S  its next type; payload: the type             C  the pasteboard changed; meta: count; types
 *   B  bytes of that type, one of many              D  the bytes; meta: count
 *   Z  put it on the pasteboard, unless that        E  no bytes: stale, missing, big; meta: count
 *      changed since W
 *   F  read a type; meta: count;                    A  answer to Z; meta: count; "own" or "lost"
 *      payload: cap(8 hex) SP type                  p  answer to P; meta: count
 *   K  report all that differs from; meta: count    s  as H, when the console's user changed
 *   P  ping
 *   Q  quit
 *
 * H and s hold lines of "key value". C holds a line "plain" or "concealed", then a type a line.
 *
 * A reader ignores lower-case types it does not know, and gives up on unknown upper-case ones.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MVM_FRAME_HEADER_LEN 31
#define MVM_FRAME_CHUNK ((size_t)256 * 1024)      /* longest payload that the host writes */
#define MVM_FRAME_PAYLOAD_MAX ((size_t)64 * 1024) /* longest that the reader accepts unasked */
#define MVM_FRAME_NOISE_MAX ((size_t)256 * 1024)  /* what a login shell may print before hello */

typedef struct {
    char type;
    uint32_t meta;
    GBytes *payload; /* owned by whoever holds the frame; never NULL */
} MvmFrame;

void mvm_frame_clear(MvmFrame *frame);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmFrame, mvm_frame_clear)

/* An incremental parser: bytes go in as they arrive, whole frames come out. */
typedef struct MvmFrameReader MvmFrameReader;

MvmFrameReader *mvm_frame_reader_new(void);
void mvm_frame_reader_free(MvmFrameReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmFrameReader, mvm_frame_reader_free)

/* Copies len bytes in. The caller takes all frames out before it feeds more. */
void mvm_frame_reader_feed(MvmFrameReader *reader, const void *data, size_t len);

/* Accepts payloads of at most max bytes from now on, in place of MVM_FRAME_PAYLOAD_MAX. */
void mvm_frame_reader_set_max(MvmFrameReader *reader, size_t max);

typedef enum {
    MVM_FRAME_MORE,  /* no whole frame yet */
    MVM_FRAME_READY, /* *ret_frame is set; the caller clears it */
    MVM_FRAME_BROKEN /* error is set; the stream is of no more use */
} MvmFrameResult;

/* Before the first frame, anything that is not a header is skipped (shells print greetings), up to
 * MVM_FRAME_NOISE_MAX; after it, a bad header, a gap in seq and a payload beyond the
 * limit are errors. Once broken, always broken. */
MvmFrameResult mvm_frame_reader_next(MvmFrameReader *reader, MvmFrame *ret_frame, GError **error);

/* Appends one frame with number (*seq)++ to out. len is at most MVM_FRAME_CHUNK. */
void mvm_frame_append(GByteArray *out, uint32_t *seq, char type, uint32_t meta, const void *payload,
                      size_t len);
