/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/reads.h"

#include "clip/formats.h"
#include "util/error.h"

static void
end(MvmClipReads *reads, MvmClipRead *read, GBytes *bytes, const GError *error)
{
    MvmClipBackend *backend = reads->backend;

    if (bytes != NULL)
        backend->stats.reads++;
    else
        backend->stats.failures++;
    read->done(backend, read->type, bytes, error, read->data);
    g_free(read);
}

static gboolean
start_next(void *data)
{
    MvmClipReads *reads = data;
    MvmClipRead *read = NULL;

    mvm_clip_timer_clear(&reads->kick);
    while (reads->active == NULL && (read = g_queue_pop_head(&reads->waiting)) != NULL) {
        GError *error = NULL;

        reads->active = read;
        if (reads->backend->loss != NULL)
            mvm_clip_reads_finish(reads, 0, NULL, g_error_copy(reads->backend->loss));
        else if (!reads->start(reads->backend, read, &error))
            mvm_clip_reads_finish(reads, 0, NULL, error);
    }
    return G_SOURCE_REMOVE;
}

static void
kick(MvmClipReads *reads)
{
    if (reads->active == NULL && reads->kick == NULL && !g_queue_is_empty(&reads->waiting))
        mvm_clip_timer_set(&reads->kick, reads->backend->context, 0, start_next, reads);
}

void
mvm_clip_reads_push(MvmClipReads *reads, uint64_t generation, MvmClipType type, unsigned silence_ms,
                    MvmClipReadFunc done, void *data)
{
    MvmClipRead *read = g_new(MvmClipRead, 1);

    *read = (MvmClipRead){
        .generation = generation,
        .type = type,
        .silence_ms = silence_ms != 0 ? silence_ms : MVM_CLIP_READ_SILENCE_MS,
        .done = done,
        .data = data,
    };
    g_queue_push_tail(&reads->waiting, read);
    kick(reads);
}

/* Checks what was read and makes UTF-8 of text. Takes bytes over. */
static GBytes *
check(MvmClipType type, int format, GBytes *bytes, GError **error)
{
    g_autoptr(GBytes) checked = bytes;

    if (mvm_clip_formats[format].latin1) {
        checked = mvm_clip_utf8_from_latin1(bytes);
        g_bytes_unref(bytes);
    }
    if (g_bytes_get_size(checked) > mvm_clip_type_max(type)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot read '%s' from the clipboard: its %zu bytes are too many",
                    mvm_clip_type_media(type), g_bytes_get_size(checked));
        return NULL;
    }
    if (type == MVM_CLIP_TEXT && !mvm_clip_bytes_is_utf8(checked)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot read '%s' from the clipboard: it is not UTF-8",
                    mvm_clip_type_media(type));
        return NULL;
    }
    return g_steal_pointer(&checked);
}

void
mvm_clip_reads_finish(MvmClipReads *reads, int format, GBytes *bytes, GError *error)
{
    MvmClipRead *read = g_steal_pointer(&reads->active);
    g_autoptr(GBytes) checked = NULL;
    g_autoptr(GError) cause = error;

    if (bytes != NULL)
        checked = check(read->type, format, bytes, &cause);
    kick(reads);
    end(reads, read, checked, cause);
}

void
mvm_clip_reads_cancel(MvmClipReads *reads)
{
    g_autoptr(GError) error = NULL;
    GQueue cancelled = reads->waiting;
    MvmClipRead *read = NULL;

    /* What a completion function asks for anew belongs to the next round. */
    g_queue_init(&reads->waiting);
    mvm_clip_timer_clear(&reads->kick);
    if (reads->active != NULL) {
        reads->stop(reads->backend);
        g_queue_push_head(&cancelled, g_steal_pointer(&reads->active));
    }
    g_set_error(&error, MVM_ERROR, MVM_ERROR_CANCELLED,
                "cannot read 'the clipboard': it changed meanwhile");
    while ((read = g_queue_pop_head(&cancelled)) != NULL)
        end(reads, read, NULL, error);
}
