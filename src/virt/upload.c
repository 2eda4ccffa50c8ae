/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/upload.h"

#include "util/error.h"
#include "virt/upload-priv.h"
#include "virt/volume-priv.h"

#include <string.h>

/* Between two questions whether to stop; libvirt sends at most 256 KiB of it in one message. */
#define PIECE (1024 * 1024)

/* A smaller image is sent without libvirt's sparse streams, whose ends may hang (see stream.h):
 * instead of a hole another stream begins behind it, or, if that is short, zeros are sent. */
#define SPARSE_FROM (64 * 1024 * 1024)
#define HOLE_FROM (64 * 1024)

/* --- one upload of a name at a time ----------------------------------------------------------- */

static bool
lock_name(MvmUpload *up, GError **error)
{
    g_autofree char *daemon = mvm_connection_dup_key(up->pool->conn);
    g_autofree char *key = g_strdup_printf("%s\n%s\n%s", daemon, up->pool->name, up->name);
    g_autofree char *what = g_strdup_printf("upload of '%s'", up->name);

    up->lock = mvm_lock_take_key("upload", key, what, error);
    return up->lock != NULL;
}

/* --- beginning -------------------------------------------------------------------------------- */

/* Removes what an interrupted upload left. A machine may name the unfinished volume (its definition
 * is older than the interruption); a running one stops us. */
static bool
clear_leftovers(MvmUpload *up, GError **error)
{
    g_autoptr(virStorageVol) mark = virStorageVolLookupByName(up->pool->virt, up->part);

    if (mark == NULL)
        return mvm_volume_remove(up->pool, up->scratch, error);
    return mvm_upload_check_name(up, error) && mvm_volume_remove(up->pool, up->scratch, error) &&
           mvm_volume_remove(up->pool, up->name, error) &&
           mvm_volume_remove(up->pool, up->part, error);
}

static bool
check_target(MvmUpload *up, GError **error)
{
    g_autoptr(virStorageVol) old = mvm_pool_find_volume(up->pool, up->name);

    if (old == NULL)
        return true;
    if (!up->may_replace) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                    "cannot make volume '%s': pool '%s' has one of that name", up->name,
                    up->pool->name);
        return false;
    }
    up->replacing = true;
    return mvm_volume_check_unused(up->pool, up->name, up->machine, "replace", error);
}

bool
mvm_upload_open_stream(MvmUpload *up, GError **error)
{
    up->stream =
        mvm_stream_upload(up->vol, up->done, up->size - up->done,
                          up->sparse ? VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM : 0, up->task, error);
    if (up->stream == NULL)
        return false;
    mvm_stream_set_probe(up->stream, mvm_upload_probe, up);
    return true;
}

const char *
mvm_upload_get_written(const MvmUpload *up)
{
    return up->replacing || up->late ? up->scratch : up->name;
}

bool
mvm_upload_start(MvmUpload *up, uint64_t size, GError **error)
{
    up->size = size;
    up->sparse = size >= SPARSE_FROM;
    up->done = 0;
    memset(up->head, 0, sizeof up->head);
    if (!clear_leftovers(up, error) || !check_target(up, error) ||
        !mvm_upload_check_room(up, error))
        return false;
    if (!up->replacing && !mvm_upload_set_mark(up, error))
        return false;
    up->made = true;
    g_clear_pointer(&up->vol, mvm_virt_vol_free);
    up->vol = mvm_volume_make(up->pool, mvm_upload_get_written(up), "raw", up->size, error);
    return up->vol != NULL && mvm_upload_open_stream(up, error);
}

MvmUpload *
mvm_upload_begin(MvmPool *pool, const MvmUploadTarget *target, MvmProgress *progress,
                 GError **error)
{
    MvmUpload *up = NULL;

    if (target->size == 0) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot make volume '%s': nothing to put in",
                    target->name);
        return NULL;
    }
    up = mvm_upload_open(pool, target, progress, error);
    if (up != NULL && !mvm_upload_start(up, target->size, error)) {
        mvm_upload_abort(up);
        return NULL;
    }
    return up;
}

MvmUpload *
mvm_upload_open(MvmPool *pool, const MvmUploadTarget *target, MvmProgress *progress, GError **error)
{
    MvmUpload *up = NULL;

    if (!mvm_volume_check_name(target->name, error))
        return NULL;
    up = g_new0(MvmUpload, 1);
    up->pool = pool;
    up->progress = progress;
    up->name = g_strdup(target->name);
    up->data = target->data;
    up->part = g_strconcat(target->name, MVM_VOLUME_PART, NULL);
    up->scratch = g_strconcat(target->name, MVM_VOLUME_NEW, NULL);
    up->what = g_strdup_printf("uploading '%s'", target->name);
    up->task = g_strdup_printf("upload to volume '%s'", target->name);
    up->machine = g_strdup(target->machine);
    up->may_replace = target->replace;
    up->late = target->late;
    if (!lock_name(up, error)) {
        mvm_upload_free(up);
        return NULL;
    }
    return up;
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool
check_room(MvmUpload *up, uint64_t len, GError **error)
{
    if (len <= up->size - up->done)
        return true;
    /* libvirt would let the volume grow. */
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot upload to volume '%s': more data than the %" G_GUINT64_FORMAT
                " bytes announced",
                up->name, up->size);
    return false;
}

static bool
advance(MvmUpload *up, uint64_t len, GError **error)
{
    up->done += len;
    return mvm_progress_update(up->progress, up->what, up->done, up->size, error);
}

void
mvm_upload_keep_head(MvmUpload *up, uint64_t offset, const void *data, size_t len)
{
    if (offset < sizeof up->head)
        memcpy(up->head + offset, data, MIN(len, sizeof up->head - (size_t)offset));
}

/* After mvm_upload_sync() there is none. */
static bool
ensure_stream(MvmUpload *up, GError **error)
{
    return up->stream != NULL || mvm_upload_open_stream(up, error);
}

static bool
send_piece(MvmUpload *up, const void *data, size_t len, GError **error)
{
    GError *cause = NULL;

    mvm_upload_keep_head(up, up->done, data, len);
    mvm_upload_keep_tail(up, data, len);
    return mvm_stream_send(up->stream, data, len, &cause) || mvm_upload_fail(up, cause, error);
}

bool
mvm_upload_write(MvmUpload *up, const void *data, size_t len, GError **error)
{
    const char *next = data;

    if (!check_room(up, len, error) || !ensure_stream(up, error))
        return false;
    while (len > 0) {
        size_t piece = MIN(len, PIECE);

        if (!send_piece(up, next, piece, error) || !advance(up, piece, error))
            return false;
        next += piece;
        len -= piece;
    }
    return true;
}

bool
mvm_upload_hole(MvmUpload *up, uint64_t len, GError **error)
{
    static const char zeros[HOLE_FROM];
    GError *cause = NULL;

    if (len == 0)
        return true;
    if (!check_room(up, len, error))
        return false;
    if (!up->sparse && len < sizeof zeros)
        return mvm_upload_write(up, zeros, len, error);
    if (!up->sparse) {
        if (!mvm_upload_finish_stream(up, error))
            return false;
    } else if (!ensure_stream(up, error)) {
        return false;
    } else if (!mvm_stream_send_hole(up->stream, len, &cause)) {
        return mvm_upload_fail(up, cause, error);
    }
    return advance(up, len, error);
}

/* --- ending ----------------------------------------------------------------------------------- */

bool
mvm_upload_finish_stream(MvmUpload *up, GError **error)
{
    GError *cause = NULL;

    if (up->stream == NULL)
        return true;
    if (!mvm_stream_finish(up->stream, &cause))
        return mvm_upload_fail(up, cause, error);
    g_clear_pointer(&up->stream, mvm_stream_free);
    return mvm_upload_check_tail(up, &cause) || mvm_upload_fail(up, cause, error);
}

static bool
end_stream(MvmUpload *up, GError **error)
{
    if (up->done != up->size) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot finish volume '%s': %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                    " bytes are missing",
                    up->name, up->size - up->done, up->size);
        return false;
    }
    if (mvm_qcow2_head_draws(up->head, sizeof up->head)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                    "cannot finish volume '%s': the image draws on another file", up->name);
        mvm_error_set_hint(error, "make it complete with 'qemu-img convert -O qcow2 IMAGE NEW'");
        return false;
    }
    return mvm_upload_finish_stream(up, error);
}

/* The new content is whole in scratch: the old volume goes, and a clone of scratch comes. */
static bool
put_in_place(MvmUpload *up, GError **error)
{
    mvm_upload_refresh(
        up->pool); /* the pool's free space and scratch's format are as of now, then */
    if (!mvm_volume_check_unused(up->pool, up->name, up->machine, "replace", error) ||
        !mvm_upload_check_space(up->pool, up->name, up->vol, error) ||
        !mvm_upload_set_mark(up, error))
        return false;
    mvm_progress_note(up->progress, "putting the new '%s' in the place of the old one", up->name);
    if (!mvm_volume_remove(up->pool, up->name, error)) {
        (void)mvm_volume_remove(up->pool, up->part, NULL); /* the old one is whole */
        return false;
    }
    return mvm_upload_clone(up->pool, up->name, up->vol, error) &&
           mvm_volume_remove(up->pool, up->scratch, error);
}

void
mvm_upload_free(MvmUpload *up)
{
    mvm_stream_free(up->stream);
    if (up->ask != NULL && !up->deaf) /* it has made a volume, and removes it */
        (void)mvm_upload_ask_wait(up->ask, MVM_UPLOAD_ANSWER_TIME);
    mvm_upload_ask_free(up->ask);
    mvm_virt_vol_free(up->vol);
    mvm_lock_release(up->lock);
    g_free(up->name);
    g_free(up->part);
    g_free(up->scratch);
    g_free(up->what);
    g_free(up->task);
    g_free(up->machine);
    g_free(up);
}

MvmVolume *
mvm_upload_finish(MvmUpload *up, GError **error)
{
    MvmVolume *volume = NULL;

    if (!end_stream(up, error) || (up->replacing && !put_in_place(up, error)) ||
        !mvm_upload_check_mark(up, error) || (up->late && !mvm_upload_place_late(up, error)) ||
        !mvm_volume_remove(up->pool, up->part, error)) {
        mvm_upload_abort(up);
        return NULL;
    }
    mvm_upload_refresh(up->pool);
    volume = mvm_volume_lookup(up->pool, up->name, error);
    mvm_upload_free(up);
    return volume;
}

/* What cannot be removed now (no daemon any more) is removed by the next upload. */
void
mvm_upload_abort(MvmUpload *up)
{
    if (up == NULL)
        return;
    g_clear_pointer(&up->stream, mvm_stream_free);
    if (up->made && !up->deaf && mvm_volume_remove(up->pool, mvm_upload_get_written(up), NULL) &&
        !up->replacing)
        (void)mvm_volume_remove(up->pool, up->part, NULL);
    mvm_upload_free(up);
}
