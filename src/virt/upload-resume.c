/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Going on with the upload of a new volume. The mark NAME.part stays with the volume, and its
 * random size tells one beginning from another. The volume's own size tells nothing: libvirt cuts
 * it at each hole.
 */
#include "util/error.h"
#include "virt/upload-priv.h"
#include "virt/volume-priv.h"

#include <string.h>

char *
mvm_upload_dup_place(MvmUpload *up)
{
    g_autoptr(virStorageVol) vol =
        virStorageVolLookupByName(up->pool->virt, mvm_upload_get_written(up));
    char uuid[VIR_UUID_STRING_BUFLEN] = "";
    uint64_t nonce = mvm_upload_read_mark(up, NULL);

    if (vol == NULL || nonce == 0 || virStoragePoolGetUUIDString(up->pool->virt, uuid) < 0)
        return NULL;
    return g_strdup_printf("%s %s %s %" G_GUINT64_FORMAT, up->pool->conn->endpoint->uri, uuid,
                           virStorageVolGetKey(vol), nonce);
}

/* One piece of data or one hole. Sets *ret_len to its length, 0 at the end. */
static bool
read_piece(MvmUpload *up, MvmStream *stream, uint64_t at, MvmUploadTake take, void *opaque,
           uint64_t *ret_len, GError **error)
{
    const void *data = NULL;

    if (!mvm_stream_receive(stream, &data, ret_len, error))
        return false;
    if (data != NULL)
        mvm_upload_keep_head(up, at, data, (size_t)*ret_len);
    take(opaque, data, *ret_len);
    return true;
}

static bool
read_all(MvmUpload *up, MvmStream *stream, uint64_t len, MvmUploadTake take, void *opaque,
         MvmProgress *progress, GError **error)
{
    uint64_t at = 0;

    for (uint64_t piece = 1; piece > 0; at += piece) {
        if (!read_piece(up, stream, at, take, opaque, &piece, error) ||
            !mvm_progress_update(progress, "checking what is there", at, len, error))
            return false;
    }
    if (at == len)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot read volume '%s': it is too short",
                up->name);
    return false;
}

bool
mvm_upload_read_back(MvmUpload *up, uint64_t len, MvmUploadTake take, void *opaque,
                     MvmProgress *progress, GError **error)
{
    g_autoptr(virStorageVol) vol =
        virStorageVolLookupByName(up->pool->virt, mvm_upload_get_written(up));
    g_autofree char *task = g_strdup_printf("read volume '%s'", up->name);
    g_autoptr(MvmStream) stream = NULL;

    if (vol == NULL)
        return mvm_virt_set_error(error, "%s", task);
    stream = mvm_stream_download(vol, 0, len, VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM, task, error);
    return stream != NULL && read_all(up, stream, len, take, opaque, progress, error) &&
           mvm_stream_finish(stream, error);
}

bool
mvm_upload_resume(MvmUpload *up, uint64_t size, uint64_t from, GError **error)
{
    const char *written = mvm_upload_get_written(up);

    if (!mvm_upload_check_name(up, error) ||
        !mvm_volume_check_unused(up->pool, written, up->machine, "write again", error))
        return false;
    up->vol = virStorageVolLookupByName(up->pool->virt, written);
    if (up->vol == NULL)
        return mvm_virt_set_error(error, "upload to volume '%s'", up->name);
    up->nonce = mvm_upload_read_mark(up, NULL);
    up->made = true;
    up->size = size;
    up->sparse = true;
    up->done = from;
    return mvm_upload_open_stream(up, error);
}

bool
mvm_upload_sync(MvmUpload *up, GError **error)
{
    return mvm_upload_finish_stream(up, error);
}

bool
mvm_upload_is_cut(MvmUpload *up)
{
    return up->cut || !mvm_connection_is_alive(up->pool->conn);
}

void
mvm_upload_suspend(MvmUpload *up)
{
    mvm_upload_free(up);
}
