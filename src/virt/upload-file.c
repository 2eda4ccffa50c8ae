/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/error.h"
#include "virt/pump.h"
#include "virt/upload.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE (1024 * 1024)

static bool
file_error(const MvmUploadTarget *target, GError **error)
{
    return mvm_error_set_errno(error, "read the file for volume", target->name);
}

static bool
send_data(MvmUpload *up, const MvmUploadTarget *target, int fd, off_t from, off_t to, char *buffer,
          GError **error)
{
    while (from < to) {
        ssize_t got = pread(fd, buffer, (size_t)MIN(to - from, BUFFER_SIZE), from);

        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            errno = EIO; /* shorter than when we began */
        if (got <= 0)
            return file_error(target, error);
        if (!mvm_upload_write(up, buffer, (size_t)got, error))
            return false;
        from += got;
    }
    return true;
}

/* A file system that cannot tell holes reports one extent of data. */
static bool
send_file(MvmUpload *up, const MvmUploadTarget *target, int fd, off_t size, GError **error)
{
    g_autofree char *buffer = g_malloc(BUFFER_SIZE);
    off_t at = 0;

    while (at < size) {
        off_t data = lseek(fd, at, SEEK_DATA);
        off_t hole = 0;

        if (data < 0 && errno != ENXIO)
            return file_error(target, error);
        if (data < 0 || data > size)
            data = size;
        if (data > at && !mvm_upload_hole(up, (uint64_t)(data - at), error))
            return false;
        if (data == size)
            return true;
        hole = lseek(fd, data, SEEK_HOLE);
        if (hole < 0)
            return file_error(target, error);
        at = MIN(hole, size);
        if (!send_data(up, target, fd, data, at, buffer, error))
            return false;
    }
    return true;
}

MvmVolume *
mvm_upload_file(MvmPool *pool, const MvmUploadTarget *target, int fd, MvmProgress *progress,
                GError **error)
{
    MvmUploadTarget sized = *target;
    G_GNUC_UNUSED g_autoptr(MvmPump) pump = mvm_pump_start(); /* the file may be slow to read */
    g_autoptr(MvmUpload) up = NULL;
    struct stat st;

    if (fstat(fd, &st) < 0) {
        file_error(target, error);
        return NULL;
    }
    sized.size = (uint64_t)st.st_size;
    sized.data = MIN((uint64_t)st.st_blocks * 512, sized.size);
    up = mvm_upload_begin(pool, &sized, progress, error);
    if (up == NULL || !send_file(up, target, fd, st.st_size, error))
        return NULL;
    return mvm_upload_finish(g_steal_pointer(&up), error);
}
