/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/download.h"

#include "util/error.h"
#include "util/qcow2.h"
#include "virt/stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    int fd;
    uint64_t done, max;
    uint8_t head[MVM_QCOW2_HEAD]; /* zero where there is nothing yet */
    int write_errno;              /* 0: nothing went wrong */
} Download;

static bool
write_all(Download *down, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t written = write(down->fd, data, len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            down->write_errno = errno;
            return false;
        }
        data += written;
        len -= (size_t)written;
    }
    return true;
}

static bool
take(Download *down, const char *data, size_t len, const char *path, GError **error)
{
    g_autofree char *why = NULL;

    if (down->done < sizeof down->head)
        memcpy(down->head + down->done, data, MIN(len, sizeof down->head - (size_t)down->done));
    if (len > down->max - down->done)
        why = g_strdup_printf("more than %" G_GUINT64_FORMAT " bytes", down->max);
    else if (!write_all(down, data, len))
        why = g_strdup(g_strerror(down->write_errno));
    down->done += len;
    if (why == NULL)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot read the volume at '%s': %s", path,
                why);
    return false;
}

/* A host that fails to read may end the stream as if that were all. */
static bool
check_size(const Download *down, virStorageVolPtr vol, const char *path, GError **error)
{
    virStorageVolInfo info = {0};

    if (virStorageVolGetInfoFlags(vol, &info, VIR_STORAGE_VOL_GET_PHYSICAL) < 0 ||
        down->done >= info.allocation)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot read the volume at '%s': the libvirt host sent %" G_GUINT64_FORMAT
                " of its %llu bytes",
                path, down->done, info.allocation);
    return false;
}

bool
mvm_download_volume(MvmConnection *conn, const char *path, uint64_t max, int fd, GError **error)
{
    g_autoptr(virStorageVol) vol = virStorageVolLookupByPath(conn->virt, path);
    g_autofree char *task = g_strdup_printf("read the volume at '%s'", path);
    g_autoptr(MvmStream) stream = NULL;
    Download down = {.fd = fd, .max = max};
    const void *data = NULL;
    uint64_t len = 1;

    if (vol == NULL)
        return mvm_virt_set_error(error, "find the volume at '%s'", path);
    stream = mvm_stream_download(vol, 0, 0, 0, task, error);
    if (stream == NULL)
        return false;
    while (len > 0) {
        if (!mvm_stream_receive(stream, &data, &len, error) ||
            !take(&down, data, (size_t)len, path, error))
            return false;
    }
    if (!mvm_stream_finish(stream, error) || !check_size(&down, vol, path, error))
        return false;
    if (!mvm_qcow2_head_draws(down.head, sizeof down.head))
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                "cannot read the volume at '%s': the image draws on another file", path);
    return false;
}
