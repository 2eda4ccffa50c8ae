/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/sink-volume.h"

#include "media/crc32.h"
#include "util/error.h"

/* Every extent is a message to the libvirt host: shorter holes cost more than they save. */
#define HOLE_UNIT 65536

/* A sync ends a stream and begins another one, and the host looks through the pool. */
#define SYNC_BYTES (256 * 1024 * 1024)
#define SYNC_SECONDS 2

typedef struct {
    MvmMediaSink sink;
    MvmProgress *progress; /* borrowed */
    MvmUpload *upload;     /* owned, until it ends */
    MvmVolume *volume;     /* owned, once it is finished */
} VolumeSink;

static VolumeSink *
self_of(MvmMediaSink *sink)
{
    return sink->opaque;
}

static char *
volume_dup_place(MvmMediaSink *sink)
{
    return mvm_upload_dup_place(self_of(sink)->upload);
}

static void
add_to_sum(void *opaque, const void *data, uint64_t len)
{
    uint32_t *sum = opaque;
    uint32_t crc = data != NULL ? mvm_crc32(data, len) : mvm_crc32_zeros(len);

    *sum = mvm_crc32_join(*sum, crc, len);
}

/* The host may have crashed since, or somebody may have written to the volume: it is read. */
static bool
volume_check(MvmMediaSink *sink, uint64_t len, uint32_t crc, GError **error)
{
    g_autoptr(GError) cause = NULL;
    uint32_t sum = 0;

    if (mvm_upload_read_back(self_of(sink)->upload, len, add_to_sum, &sum, self_of(sink)->progress,
                             &cause))
        return sum == crc;
    if (g_error_matches(cause, MVM_ERROR, MVM_ERROR_CANCELLED))
        g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

static bool
volume_begin(MvmMediaSink *sink, uint64_t size, uint64_t resume_at, GError **error)
{
    MvmUpload *upload = self_of(sink)->upload;

    return resume_at > 0 ? mvm_upload_resume(upload, size, resume_at, error)
                         : mvm_upload_start(upload, size, error);
}

static bool
volume_write(MvmMediaSink *sink, uint64_t offset, const void *data, size_t len, GError **error)
{
    return mvm_upload_write(self_of(sink)->upload, data, len, error);
}

static bool
volume_hole(MvmMediaSink *sink, uint64_t offset, uint64_t len, GError **error)
{
    return mvm_upload_hole(self_of(sink)->upload, len, error);
}

static bool
volume_sync(MvmMediaSink *sink, GError **error)
{
    return mvm_upload_sync(self_of(sink)->upload, error);
}

static bool
volume_finish(MvmMediaSink *sink, GError **error)
{
    VolumeSink *self = self_of(sink);

    self->volume = mvm_upload_finish(g_steal_pointer(&self->upload), error);
    return self->volume != NULL;
}

static void
volume_abort(MvmMediaSink *sink, bool keep)
{
    g_clear_pointer(&self_of(sink)->upload, keep ? mvm_upload_suspend : mvm_upload_abort);
}

static bool
volume_is_cut(MvmMediaSink *sink)
{
    return mvm_upload_is_cut(self_of(sink)->upload);
}

MvmMediaSink *
mvm_volume_sink_new(MvmPool *pool, const char *name, MvmProgress *progress, GError **error)
{
    MvmUpload *upload =
        mvm_upload_open(pool, &(MvmUploadTarget){.name = name, .late = true}, NULL, error);
    VolumeSink *self = NULL;

    if (upload == NULL)
        return NULL;
    self = g_new0(VolumeSink, 1);
    self->progress = progress;
    self->upload = upload;
    self->sink = (MvmMediaSink){
        .ordered = true,
        .hole_unit = HOLE_UNIT,
        .sync_bytes = SYNC_BYTES,
        .sync_seconds = SYNC_SECONDS,
        .dup_place = volume_dup_place,
        .check = volume_check,
        .begin = volume_begin,
        .write = volume_write,
        .hole = volume_hole,
        .sync = volume_sync,
        .finish = volume_finish,
        .abort = volume_abort,
        .is_cut = volume_is_cut,
        .opaque = self,
    };
    return &self->sink;
}

const MvmVolume *
mvm_volume_sink_get_volume(MvmMediaSink *sink)
{
    return self_of(sink)->volume;
}

void
mvm_volume_sink_free(MvmMediaSink *sink)
{
    VolumeSink *self = sink == NULL ? NULL : self_of(sink);

    if (self == NULL)
        return;
    mvm_upload_abort(self->upload);
    mvm_volume_free(self->volume);
    g_free(self);
}
