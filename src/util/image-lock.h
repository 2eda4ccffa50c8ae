/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The locks by which QEMU shows others that it has an image open: bytes of the file, locked as long
 * as it is open, also for other hosts where the file system passes locks on (NFS does).
 * https://gitlab.com/qemu-project/qemu/-/blob/master/block/file-posix.c (RAW_LOCK_PERM_BASE)
 */
#pragma once

typedef enum {
    MVM_IMAGE_LOCK_FREE,
    MVM_IMAGE_LOCK_HELD,    /* a program has the image open */
    MVM_IMAGE_LOCK_UNKNOWN, /* this process may not read it, or its file system has no locks */
} MvmImageLock;

/* Whether somebody else has the image that is open as fd, which is left as it is. */
MvmImageLock mvm_image_lock_look(int fd);

/* The same for the file at path on this machine. One that is not there is free. */
MvmImageLock mvm_image_lock_look_at(const char *path);
