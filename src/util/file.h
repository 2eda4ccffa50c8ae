/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files: bounded reads, atomic replacement, descriptors that close themselves. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

/* Reads path whole into a NUL-terminated string (the caller frees); *ret_len, when not NULL, gets
 * its length without that NUL. Fails when it is longer than max bytes. */
char *mvm_file_read(const char *path, size_t max, size_t *ret_len, GError **error);

/* Replaces path by data: temporary file beside it, fsync, rename; mode is exact (0600 for secrets).
 * On any failure the old content stays. */
bool mvm_file_replace(const char *path, const void *data, size_t len, unsigned mode,
                      GError **error);

/* Creates path and its parents with mode 0700 where they are missing. */
bool mvm_file_make_dir(const char *path, GError **error);

/* The same for a folder that nobody else may write to. Fails when path is there and is another's,
 * is a symbolic link, or is open to others: whoever could write there could have us write
 * elsewhere. */
bool mvm_file_make_private_dir(const char *path, GError **error);

/* Takes an exclusive lock on the file at path (made with mode 0600 when missing) without waiting.
 * Returns a descriptor that holds it until closed; the file is at path then, also when another one
 * was removed there meanwhile. A lock held elsewhere is MVM_ERROR_CONFLICT, with what as the object
 * of the message. */
int mvm_file_lock(const char *path, const char *what, GError **error);

static inline int
mvm_steal_fd(int *fd)
{
    int stolen = *fd;

    *fd = -1;
    return stolen;
}

static inline void
mvm_close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* An int that closes the descriptor it holds at the end of its scope; initialise it with -1. */
#define mvm_autofd __attribute__((cleanup(mvm_close_fd))) int
