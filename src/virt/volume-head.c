/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/stream.h"
#include "virt/volume-priv.h"

#include <string.h>

static bool
receive(MvmStream *stream, char *buffer, size_t len, GError **error)
{
    const void *data = NULL;
    uint64_t got = 1;

    for (; len > 0 && got > 0; buffer += got, len -= (size_t)got) {
        if (!mvm_stream_receive(stream, &data, &got, error))
            return false;
        got = MIN(got, len);
        memcpy(buffer, data, (size_t)got);
    }
    return mvm_stream_finish(stream, error);
}

bool
mvm_volume_read_head(MvmConnection *conn, const char *path, void *buffer, size_t len,
                     uint64_t *ret_size, GError **error)
{
    g_autoptr(virStorageVol) vol = virStorageVolLookupByPath(conn->virt, path);
    g_autoptr(MvmStream) stream = NULL;
    g_autofree char *task = g_strdup_printf("read the volume at '%s'", path);
    virStorageVolInfo info = {0};

    if (vol == NULL || virStorageVolGetInfo(vol, &info) < 0)
        return mvm_virt_set_error(error, "find the volume at '%s'", path);
    *ret_size = info.capacity;
    len = MIN(len, (size_t)info.capacity);
    stream = mvm_stream_download(vol, 0, len, 0, task, error);
    return stream != NULL && receive(stream, buffer, len, error);
}
