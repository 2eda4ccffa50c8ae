/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/lock.h"

#include "util/error.h"
#include "util/file.h"
#include "util/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

struct MvmLock {
    char *path; /* of the file, which goes with the lock; NULL: there is none */
    int fd;     /* -1: none */
    int dir_fd; /* likewise */
};

static MvmLock *
lock_new(const char *path, int fd)
{
    MvmLock *lock = g_new0(MvmLock, 1);

    lock->path = g_strdup(path);
    lock->fd = fd;
    lock->dir_fd = -1;
    return lock;
}

static void
set_held(const char *what, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot lock '%s': another macvm is at work on it", what);
}

MvmLock *
mvm_lock_take(const char *name, const char *what, GError **error)
{
    g_autofree char *path = mvm_path_runtime(name);
    g_autofree char *dir = g_path_get_dirname(path);
    int fd = -1;

    if (!mvm_file_make_private_dir(dir, error) || (fd = mvm_file_lock(path, what, error)) < 0)
        return NULL;
    return lock_new(path, fd);
}

MvmLock *
mvm_lock_take_key(const char *kind, const char *key, const char *what, GError **error)
{
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    mvm_autofd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int len = 0;

    /* The name begins with a zero byte: no file. */
    len = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "macvm-%s-%.32s", kind, sum);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address,
                        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) == 0)
        return lock_new(NULL, mvm_steal_fd(&fd));
    if (errno == EADDRINUSE)
        set_held(what, error);
    else
        mvm_error_set_errno(error, "lock", what);
    return NULL;
}

/* Who may not write to dir's parent can only use a dir that is there already. */
static bool
take_beside(MvmLock *lock, const char *dir, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(dir);
    g_autofree char *name = g_path_get_basename(dir);
    g_autofree char *path = g_strdup_printf("%s/.%s.macvm-lock", parent, name);

    if (access(parent, W_OK) < 0)
        return true;
    lock->fd = mvm_file_lock(path, dir, error);
    if (lock->fd < 0)
        return false;
    lock->path = g_steal_pointer(&path);
    return true;
}

static bool
take_within(MvmLock *lock, const char *dir, GError **error)
{
    lock->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock->dir_fd < 0 || flock(lock->dir_fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno == EWOULDBLOCK)
        set_held(dir, error);
    else
        mvm_error_set_errno(error, "lock", dir);
    return false;
}

MvmLock *
mvm_lock_take_dir(const char *dir, GError **error)
{
    g_autoptr(MvmLock) lock = lock_new(NULL, -1);

    return take_beside(lock, dir, error) && take_within(lock, dir, error) ? g_steal_pointer(&lock)
                                                                          : NULL;
}

void
mvm_lock_release(MvmLock *lock)
{
    if (lock == NULL)
        return;
    if (lock->dir_fd >= 0)
        (void)close(lock->dir_fd);
    /* In this order: whoever opened the file before sees by mvm_file_lock() that it is gone. */
    if (lock->path != NULL)
        (void)unlink(lock->path);
    if (lock->fd >= 0)
        (void)close(lock->fd);
    g_free(lock->path);
    g_free(lock);
}
