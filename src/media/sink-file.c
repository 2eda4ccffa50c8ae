/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/sink-file.h"

#include "util/error.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define HOLE_UNIT 4096
#define SYNC_BYTES (64 * 1024 * 1024)

typedef struct {
    MvmMediaSink sink;
    char *path; /* owned */
    char *part; /* owned: what is written until then */
    int fd;     /* owned, holds the lock */
} FileSink;

static FileSink *
self_of(MvmMediaSink *sink)
{
    return sink->opaque;
}

static char *
file_dup_place(MvmMediaSink *sink)
{
    struct stat st;

    if (fstat(self_of(sink)->fd, &st) < 0)
        return NULL;
    return g_strdup_printf("%ju:%ju:%jd", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
                           (intmax_t)st.st_size);
}

static bool
file_begin(MvmMediaSink *sink, uint64_t size, uint64_t resume_at, GError **error)
{
    FileSink *self = self_of(sink);

    /* Cut first: what an earlier, different image left must read as zero. */
    if ((resume_at == 0 && ftruncate(self->fd, 0) < 0) || ftruncate(self->fd, (off_t)size) < 0)
        return mvm_error_set_errno(error, "write", self->part);
    return true;
}

static bool
file_write(MvmMediaSink *sink, uint64_t offset, const void *data, size_t len, GError **error)
{
    FileSink *self = self_of(sink);
    const char *p = data;

    while (len > 0) {
        ssize_t n = pwrite(self->fd, p, len, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return mvm_error_set_errno(error, "write", self->part);
        p += n;
        offset += (uint64_t)n;
        len -= (size_t)n;
    }
    return true;
}

static bool
file_sync(MvmMediaSink *sink, GError **error)
{
    FileSink *self = self_of(sink);

    return fdatasync(self->fd) == 0 || mvm_error_set_errno(error, "write", self->part);
}

/* Makes the new name as safe as the data. Not every file system can; the file is complete in any
 * case. */
static void
sync_folder(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    mvm_autofd fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0)
        (void)fsync(fd);
}

static bool
set_exists(const char *path, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot create '%s': it exists", path);
    mvm_error_set_hint(error, "remove it, or name another file");
    return false;
}

static bool
file_finish(MvmMediaSink *sink, GError **error)
{
    FileSink *self = self_of(sink);

    if (fchmod(self->fd, 0644) < 0 || fsync(self->fd) < 0)
        return mvm_error_set_errno(error, "write", self->part);
    if (renameat2(AT_FDCWD, self->part, AT_FDCWD, self->path, RENAME_NOREPLACE) < 0) {
        if (errno == EEXIST)
            return set_exists(self->path, error);
        /* EINVAL: the file system does not know the flag. */
        if (errno != EINVAL || rename(self->part, self->path) < 0)
            return mvm_error_set_errno(error, "rename", self->part);
    }
    sync_folder(self->path);
    return true;
}

static void
file_abort(MvmMediaSink *sink, bool keep)
{
    FileSink *self = self_of(sink);
    struct stat st;

    /* An empty one is worth nothing: it was only made to hold the lock. */
    if (!keep || (fstat(self->fd, &st) == 0 && st.st_size == 0))
        (void)unlink(self->part);
}

static const MvmMediaSink file_sink = {
    .hole_unit = HOLE_UNIT,
    .sync_bytes = SYNC_BYTES,
    .sync_seconds = 1,
    .dup_place = file_dup_place,
    .begin = file_begin,
    .write = file_write,
    .sync = file_sync,
    .finish = file_finish,
    .abort = file_abort,
};

MvmMediaSink *
mvm_file_sink_new(const char *path, GError **error)
{
    g_autofree char *part = g_strconcat(path, ".part", NULL);
    mvm_autofd fd = -1;
    FileSink *self = NULL;

    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        set_exists(path, error);
        return NULL;
    }
    fd = mvm_file_lock(part, path, error);
    if (fd < 0)
        return NULL;
    self = g_new0(FileSink, 1);
    self->sink = file_sink;
    self->sink.opaque = self;
    self->path = g_strdup(path);
    self->part = g_steal_pointer(&part);
    self->fd = mvm_steal_fd(&fd);
    return &self->sink;
}

void
mvm_file_sink_free(MvmMediaSink *sink)
{
    FileSink *self = sink == NULL ? NULL : self_of(sink);

    if (self == NULL)
        return;
    close(self->fd);
    g_free(self->path);
    g_free(self->part);
    g_free(self);
}
