/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt's streams, with an end to every wait. All of src/virt that moves data uses them.
 *
 * A call of libvirt's on a stream may never return although the host is well: when a write fails
 * on the host while the client asks for the end of the stream, each waits for the other (seen with
 * libvirt 9.0, a full disk, and virStreamFinish()). Therefore the calls are made in a thread of
 * their own. The caller waits for it until Ctrl-C, or until nothing has moved for
 * MVM_STREAM_SILENCE; then the thread is left alone, with all that it uses, and the connection can
 * still be used.
 *
 * Errors: MVM_ERROR_CANCELLED at Ctrl-C, MVM_ERROR_HOST after silence, else libvirt's. After an
 * error only mvm_stream_free() may follow.
 */
#pragma once

#include "virt/connection-priv.h"

#include <stdint.h>

/* Seconds without progress after which a stream is given up. One message of libvirt's, at most 256
 * KiB, is progress. */
#define MVM_STREAM_SILENCE 20

typedef struct MvmStream MvmStream;

/* Whether the host is at work, asked each second while a call lasts; to stop is not to wait for the
 * rest of MVM_STREAM_SILENCE. It may use the connection. */
typedef enum { MVM_STREAM_RESTS, MVM_STREAM_MOVES, MVM_STREAM_STOP } MvmStreamState;
typedef MvmStreamState (*MvmStreamProbe)(void *opaque);

/* Each opens a stream. what completes "cannot ...: no answer". flags are those of libvirt's
 * function. The objects are not kept by the caller's reference: they may be freed at any time. */
MvmStream *mvm_stream_upload(virStorageVolPtr vol, uint64_t offset, uint64_t len, unsigned flags,
                             const char *what, GError **error);
MvmStream *mvm_stream_download(virStorageVolPtr vol, uint64_t offset, uint64_t len, unsigned flags,
                               const char *what, GError **error);
/* *ret_mime: the caller frees. */
MvmStream *mvm_stream_screenshot(virDomainPtr domain, const char *what, char **ret_mime,
                                 GError **error);

/* NULL: no more. opaque is borrowed. */
void mvm_stream_set_probe(MvmStream *stream, MvmStreamProbe probe, void *opaque);

/* Sends len bytes; data is copied. What fails may be reported by a later call. */
bool mvm_stream_send(MvmStream *stream, const void *data, size_t len, GError **error);
bool mvm_stream_send_hole(MvmStream *stream, uint64_t len, GError **error);

/* The next bytes, *ret_data (valid until the next call) and *ret_len, or (*ret_data NULL) a hole of
 * *ret_len bytes; 0 bytes at the end. */
bool mvm_stream_receive(MvmStream *stream, const void **ret_data, uint64_t *ret_len,
                        GError **error);

/* Waits until the host has taken all that was sent, or that nothing is left to receive. That it
 * succeeds does not prove that the host could write everything: libvirt loses the error of a write
 * that fails while the stream ends (seen with libvirt 9.0). */
bool mvm_stream_finish(MvmStream *stream, GError **error);

/* Aborts the stream unless it was finished. NULL is allowed. */
void mvm_stream_free(MvmStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmStream, mvm_stream_free)
