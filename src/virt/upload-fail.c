/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a host that cannot write any more does to an upload, and how that is noticed. */
#include "util/error.h"
#include "virt/upload-priv.h"

#include <string.h>

/* Asks whether the pool is full. A daemon closes the connection when something arrives for a stream
 * that it has ended already, as it does when the disk is full, and one that a stream hangs on may
 * not answer: then a new connection is asked, and taken. NULL: nobody answers. */
static MvmUploadAsk *
ask_host(MvmUpload *up, bool *ret_full)
{
    for (int anew = up->cut ? 1 : 0; anew < 2; anew++) {
        MvmUploadAsk *ask = g_steal_pointer(&up->ask);
        const MvmUploadAnswer *answer = NULL;

        if (ask == NULL)
            ask = mvm_upload_ask_start(up, anew == 1);
        answer = mvm_upload_ask_wait(ask, MVM_UPLOAD_ANSWER_TIME);

        if (answer != NULL && answer->known) {
            *ret_full = answer->full;
            return ask;
        }
        mvm_upload_ask_free(ask);
    }
    return NULL;
}

bool
mvm_upload_fail(MvmUpload *up, GError *cause, GError **error)
{
    MvmUploadAsk *ask = NULL;
    bool full = false;

    g_clear_pointer(&up->stream, mvm_stream_free);
    up->cut = !mvm_connection_is_alive(up->pool->conn);
    if (!g_error_matches(cause, MVM_ERROR, MVM_ERROR_CANCELLED)) {
        ask = ask_host(up, &full);
        up->deaf = ask == NULL;
    }
    if (ask != NULL)
        mvm_upload_ask_adopt(ask, up->pool);
    mvm_upload_ask_free(ask);
    if (!full) {
        g_propagate_error(error, cause);
        return false;
    }
    up->cut = false;
    g_error_free(cause);
    return mvm_upload_set_no_space(up->pool, up->name, "upload to", error);
}

MvmStreamState
mvm_upload_probe(void *opaque)
{
    MvmUpload *up = opaque;
    const MvmUploadAnswer *answer = NULL;
    MvmStreamState state = MVM_STREAM_RESTS;

    if (up->ask == NULL)
        up->ask = mvm_upload_ask_start(up, false);
    answer = mvm_upload_ask_wait(up->ask, 0);
    if (answer == NULL)
        return MVM_STREAM_RESTS;
    if (answer->known && answer->allocation != up->probed)
        state = MVM_STREAM_MOVES;
    else if (answer->known && answer->full)
        state = MVM_STREAM_STOP;
    up->probed = answer->allocation;
    g_clear_pointer(&up->ask, mvm_upload_ask_free);
    return state;
}

void
mvm_upload_keep_tail(MvmUpload *up, const uint8_t *data, size_t len)
{
    size_t end = len;

    while (end > 0 && data[end - 1] == 0)
        end--;
    if (end == 0)
        return;
    up->tail_len = MIN(end, sizeof up->tail);
    up->tail_at = up->done + end - up->tail_len;
    memcpy(up->tail, data + end - up->tail_len, up->tail_len);
}

static bool
read_tail(MvmUpload *up, uint8_t *buffer, size_t *ret_len, GError **error)
{
    g_autoptr(MvmStream) stream =
        mvm_stream_download(up->vol, up->tail_at, up->tail_len, 0, up->task, error);
    const void *data = NULL;
    uint64_t len = 1;
    size_t got = 0;

    if (stream == NULL)
        return false;
    while (len > 0 && got < up->tail_len) {
        if (!mvm_stream_receive(stream, &data, &len, error))
            return false;
        len = MIN(len, up->tail_len - got);
        memcpy(buffer + got, data, (size_t)len);
        got += (size_t)len;
    }
    *ret_len = got;
    return mvm_stream_finish(stream, error);
}

bool
mvm_upload_check_tail(MvmUpload *up, GError **error)
{
    uint8_t buffer[MVM_UPLOAD_TAIL];
    size_t len = 0;
    bool same = false;

    if (up->tail_len == 0)
        return true;
    if (!read_tail(up, buffer, &len, error))
        return false;
    same = len == up->tail_len && memcmp(buffer, up->tail, len) == 0;
    up->tail_len = 0;
    if (same)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot %s: the libvirt host did not write all of it", up->task);
    mvm_error_set_hint(error, "check the disk and the quota of the storage pool, and the host's "
                              "kernel log; then run the command again");
    return false;
}
