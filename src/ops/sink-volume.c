/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/sink-volume.h"

/* Every extent is a message to the libvirt host: shorter holes cost more than they save. */
#define HOLE_UNIT 65536

typedef struct {
    MvmMediaSink sink;
    MvmPool *pool;     /* borrowed */
    char *name;        /* owned */
    MvmUpload *upload; /* owned, while it goes on */
    MvmVolume *volume; /* owned, once it is finished */
} VolumeSink;

static VolumeSink *
self_of(MvmMediaSink *sink)
{
    return sink->opaque;
}

/* An upload that was cut begins anew. */
static char *
volume_dup_place(MvmMediaSink *sink)
{
    return NULL;
}

static bool
volume_begin(MvmMediaSink *sink, uint64_t size, uint64_t resume_at, GError **error)
{
    VolumeSink *self = self_of(sink);

    self->upload = mvm_upload_begin(
        self->pool, &(MvmUploadTarget){.name = self->name, .size = size}, NULL, error);
    return self->upload != NULL;
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

/* Only the end of the upload makes anything safe, and nothing depends on it before. */
static bool
volume_sync(MvmMediaSink *sink, GError **error)
{
    return true;
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
    g_clear_pointer(&self_of(sink)->upload, mvm_upload_abort);
}

MvmMediaSink *
mvm_volume_sink_new(MvmPool *pool, const char *name)
{
    VolumeSink *self = g_new0(VolumeSink, 1);

    self->pool = pool;
    self->name = g_strdup(name);
    self->sink = (MvmMediaSink){
        .ordered = true,
        .hole_unit = HOLE_UNIT,
        .dup_place = volume_dup_place,
        .begin = volume_begin,
        .write = volume_write,
        .hole = volume_hole,
        .sync = volume_sync,
        .finish = volume_finish,
        .abort = volume_abort,
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
    g_free(self->name);
    g_free(self);
}
