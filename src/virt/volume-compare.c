/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/volume-compare.h"

#include "util/error.h"
#include "virt/pump.h"
#include "virt/stream.h"
#include "virt/volume-priv.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define BUFFER_SIZE (1024 * 1024)

typedef struct {
    MvmStream *stream; /* owned */
    const char *name;
    char *what; /* for the progress; owned */
    int fd;
    uint64_t size, done; /* of the file */
    bool differs;
    char *ours; /* of BUFFER_SIZE; owned */
    MvmProgress *progress;
} Comparison;

static void
comparison_clear(Comparison *c)
{
    mvm_stream_free(c->stream);
    g_free(c->what);
    g_free(c->ours);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Comparison, comparison_clear)

/* Reads len bytes of the file at the place that the comparison has come to; fewer differ. */
static bool
read_file(Comparison *c, size_t len, GError **error)
{
    size_t got = 0;

    while (got < len) {
        ssize_t n = pread(c->fd, c->ours + got, len - got, (off_t)(c->done + got));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return mvm_error_set_errno(error, "read the file for volume", c->name);
        if (n == 0)
            break;
        got += (size_t)n;
    }
    c->differs = c->differs || got < len;
    return true;
}

static bool
advance(Comparison *c, size_t len, GError **error)
{
    c->done += len;
    return mvm_progress_update(c->progress, c->what, c->done, c->size, error);
}

static bool
compare_data(Comparison *c, const void *theirs, size_t len, GError **error)
{
    if (!read_file(c, len, error))
        return false;
    c->differs = c->differs || memcmp(theirs, c->ours, len) != 0;
    return advance(c, len, error);
}

/* The volume has len zeros here. */
static bool
compare_hole(Comparison *c, uint64_t len, GError **error)
{
    static const char zeros[BUFFER_SIZE];

    while (len > 0 && !c->differs) {
        off_t data = lseek(c->fd, (off_t)c->done, SEEK_DATA);
        uint64_t skip = data < 0 ? c->size - MIN(c->size, c->done) : (uint64_t)data - c->done;
        size_t piece = (size_t)MIN(len, BUFFER_SIZE);

        if (skip > 0) { /* the file has a hole as well */
            skip = MIN(skip, len);
            c->done += skip;
            len -= skip;
        } else if (!compare_data(c, zeros, piece, error)) {
            return false;
        } else {
            len -= piece;
        }
    }
    return true;
}

static bool
compare_all(Comparison *c, GError **error)
{
    while (!c->differs) {
        const void *data = NULL;
        uint64_t len = 0;

        if (!mvm_stream_receive(c->stream, &data, &len, error))
            return false;
        if (len == 0)
            break;
        if (!(data != NULL ? compare_data(c, data, (size_t)len, error)
                           : compare_hole(c, len, error)))
            return false;
    }
    c->differs = c->differs || c->done != c->size;
    return true;
}

static bool
open_stream(Comparison *c, MvmPool *pool, GError **error)
{
    g_autoptr(virStorageVol) vol = mvm_pool_find_volume(pool, c->name);

    g_autofree char *task = g_strdup_printf("read volume '%s'", c->name);

    if (vol == NULL)
        return mvm_virt_set_error(error, "%s", task);
    c->stream = mvm_stream_download(vol, 0, 0, VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM, task, error);
    return c->stream != NULL;
}

bool
mvm_volume_compare(MvmPool *pool, const char *name, int fd, MvmProgress *progress, bool *ret_same,
                   GError **error)
{
    g_autoptr(MvmVolume) volume = mvm_volume_lookup(pool, name, error);
    G_GNUC_UNUSED g_autoptr(MvmPump) pump = mvm_pump_start(); /* the file may be slow to read */
    g_auto(Comparison) c = {.name = name, .fd = fd, .progress = progress};
    struct stat st;
    bool ok = false;

    if (volume == NULL)
        return false;
    if (fstat(fd, &st) < 0)
        return mvm_error_set_errno(error, "read the file for volume", name);
    c.size = (uint64_t)st.st_size;
    c.what = g_strdup_printf("verifying '%s'", name);
    c.ours = g_malloc(BUFFER_SIZE);
    if (!open_stream(&c, pool, error))
        return false;
    ok = compare_all(&c, error) && (c.differs || mvm_stream_finish(c.stream, error));
    *ret_same = ok && !c.differs;
    return ok;
}
