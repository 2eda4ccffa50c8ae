/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/file.h"

#include "util/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

char *
mvm_file_read(const char *path, size_t max, size_t *ret_len, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    mvm_autofd fd = open(path, O_RDONLY | O_CLOEXEC);
    guint8 buf[16384];
    ssize_t n = 0;

    if (fd < 0) {
        mvm_error_set_errno(error, "read", path);
        return NULL;
    }
    while ((n = read(fd, buf, sizeof(buf))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            mvm_error_set_errno(error, "read", path);
            return NULL;
        }
        if ((size_t)n > max - bytes->len) {
            g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                        "cannot read '%s': larger than %zu bytes", path, max);
            return NULL;
        }
        g_byte_array_append(bytes, buf, (guint)n);
    }
    if (ret_len != NULL)
        *ret_len = bytes->len;
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    return (char *)g_byte_array_free(g_steal_pointer(&bytes), FALSE);
}

static bool
write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

bool
mvm_file_replace(const char *path, const void *data, size_t len, unsigned mode, GError **error)
{
    g_autofree char *tmp = g_strdup_printf("%s.XXXXXX", path);
    mvm_autofd fd = g_mkstemp_full(tmp, O_WRONLY | O_CLOEXEC, 0600);

    if (fd < 0)
        return mvm_error_set_errno(error, "create", path);
    if (!write_all(fd, data, len) || fchmod(fd, mode) < 0 || fsync(fd) < 0 ||
        close(mvm_steal_fd(&fd)) < 0 || rename(tmp, path) < 0) {
        mvm_error_set_errno(error, "write", path);
        (void)unlink(tmp);
        return false;
    }
    return true;
}

bool
mvm_file_make_dir(const char *path, GError **error)
{
    if (g_mkdir_with_parents(path, 0700) < 0)
        return mvm_error_set_errno(error, "create", path);
    return true;
}

bool
mvm_file_make_private_dir(const char *path, GError **error)
{
    struct stat st;

    if (!mvm_file_make_dir(path, error))
        return false;
    if (lstat(path, &st) < 0)
        return mvm_error_set_errno(error, "use", path);
    if (S_ISDIR(st.st_mode) && st.st_uid == geteuid() && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot use '%s': it is not a folder that only you can write to", path);
    mvm_error_set_hint(error, "remove it; macvm makes it anew");
    return false;
}

static int
open_and_lock(const char *path, const char *what, GError **error)
{
    mvm_autofd fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    if (fd < 0 && errno == EACCES) /* another user's; to lock it needs no more than to read it */
        fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        mvm_error_set_errno(error, "lock", path);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                        "cannot lock '%s': another macvm is at work on it", what);
        else
            mvm_error_set_errno(error, "lock", path);
        return -1;
    }
    return mvm_steal_fd(&fd);
}

static bool
is_at(int fd, const char *path)
{
    struct stat opened, there;

    return fstat(fd, &opened) == 0 && stat(path, &there) == 0 && opened.st_dev == there.st_dev &&
           opened.st_ino == there.st_ino;
}

int
mvm_file_lock(const char *path, const char *what, GError **error)
{
    for (;;) {
        mvm_autofd fd = open_and_lock(path, what, error);

        /* Between the two calls the file may have been removed, or renamed, by who had the lock:
         * then it is the one that is there now which counts. */
        if (fd < 0 || is_at(fd, path))
            return mvm_steal_fd(&fd);
    }
}
