/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/volume-priv.h"

static bool
receive(virStreamPtr stream, const char *path, void *buffer, size_t len, GError **error)
{
    char *at = buffer;

    while (len > 0) {
        int got = virStreamRecv(stream, at, len);

        if (got < 0)
            return mvm_virt_set_error(error, "read the volume at '%s'", path);
        if (got == 0)
            break;
        at += got;
        len -= (size_t)got;
    }
    return virStreamFinish(stream) == 0 ||
           mvm_virt_set_error(error, "read the volume at '%s'", path);
}

bool
mvm_volume_read_head(MvmConnection *conn, const char *path, void *buffer, size_t len,
                     uint64_t *ret_size, GError **error)
{
    g_autoptr(virStorageVol) vol = virStorageVolLookupByPath(conn->virt, path);
    g_autoptr(virStream) stream = NULL;
    virStorageVolInfo info = {0};

    if (vol == NULL || virStorageVolGetInfo(vol, &info) < 0)
        return mvm_virt_set_error(error, "find the volume at '%s'", path);
    *ret_size = info.capacity;
    len = MIN(len, (size_t)info.capacity);
    stream = virStreamNew(conn->virt, 0);
    if (stream == NULL || virStorageVolDownload(vol, stream, 0, len, 0) < 0)
        return mvm_virt_set_error(error, "read the volume at '%s'", path);
    return receive(stream, path, buffer, len, error);
}
