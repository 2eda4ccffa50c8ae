/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/lock.h"

#include "util/file.h"
#include "util/paths.h"

struct MvmLock {
    char *path;
    int fd;
};

MvmLock *
mvm_lock_take(const char *name, const char *what, GError **error)
{
    g_autofree char *path = mvm_path_runtime(name);
    g_autofree char *dir = g_path_get_dirname(path);
    MvmLock *lock = NULL;
    int fd = -1;

    if (!mvm_file_make_private_dir(dir, error) || (fd = mvm_file_lock(path, what, error)) < 0)
        return NULL;
    lock = g_new0(MvmLock, 1);
    lock->path = g_steal_pointer(&path);
    lock->fd = fd;
    return lock;
}

MvmLock *
mvm_lock_take_key(const char *kind, const char *key, const char *what, GError **error)
{
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);
    g_autofree char *file = g_strdup_printf("%s-%.16s.lock", kind, sum);

    return mvm_lock_take(file, what, error);
}

void
mvm_lock_release(MvmLock *lock)
{
    if (lock == NULL)
        return;
    /* In this order: whoever opened the file before sees by mvm_file_lock() that it is gone. */
    (void)unlink(lock->path);
    (void)close(lock->fd);
    g_free(lock->path);
    g_free(lock);
}
