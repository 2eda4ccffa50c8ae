/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/download.h"

#include "util/error.h"
#include "virt/connection-priv.h"
#include "virt/upload-priv.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    int fd;
    uint64_t done, max;
    uint8_t head[MVM_QCOW2_HEAD]; /* zero where there is nothing yet */
    bool too_long;
    int write_errno; /* 0: nothing went wrong */
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

static int
receive(virStreamPtr stream, const char *data, size_t len, void *opaque)
{
    Download *down = opaque;

    if (down->done < sizeof down->head)
        memcpy(down->head + down->done, data, MIN(len, sizeof down->head - (size_t)down->done));
    down->too_long = len > down->max - down->done;
    if (down->too_long || !write_all(down, data, len))
        return -1;
    down->done += len;
    return (int)len;
}

static bool
explain(const Download *down, const char *path, GError **error)
{
    g_autofree char *why = NULL;

    if (!down->too_long && down->write_errno == 0)
        return mvm_virt_set_error(error, "read the volume at '%s'", path);
    why = down->too_long ? g_strdup_printf("more than %" G_GUINT64_FORMAT " bytes", down->max)
                         : g_strdup(g_strerror(down->write_errno));
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot read the volume at '%s': %s", path,
                why);
    return false;
}

bool
mvm_download_volume(MvmConnection *conn, const char *path, uint64_t max, int fd, GError **error)
{
    g_autoptr(virStorageVol) vol = virStorageVolLookupByPath(conn->virt, path);
    g_autoptr(virStream) stream = NULL;
    Download down = {.fd = fd, .max = max};

    if (vol == NULL)
        return mvm_virt_set_error(error, "find the volume at '%s'", path);
    stream = virStreamNew(conn->virt, 0);
    if (stream == NULL || virStorageVolDownload(vol, stream, 0, 0, 0) < 0 ||
        virStreamRecvAll(stream, receive, &down) < 0)
        return explain(&down, path, error);
    if (virStreamFinish(stream) < 0)
        return mvm_virt_set_error(error, "read the volume at '%s'", path);
    if (!mvm_qcow2_head_draws(down.head, sizeof down.head))
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                "cannot read the volume at '%s': the image draws on another file", path);
    return false;
}
