/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/image-lock.h"

#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* A byte for each permission that QEMU uses, from 100 on, and for each that it leaves to nobody
 * else, from 200 on. */
#define FIRST 100
#define COUNT 200

MvmImageLock
mvm_image_lock_look(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = FIRST, .l_len = COUNT};

    if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
        return MVM_IMAGE_LOCK_UNKNOWN;
    return lock.l_type == F_UNLCK ? MVM_IMAGE_LOCK_FREE : MVM_IMAGE_LOCK_HELD;
}

MvmImageLock
mvm_image_lock_look_at(const char *path)
{
    /* O_NONBLOCK: to open a FIFO would wait for somebody who writes. */
    mvm_autofd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return errno == ENOENT ? MVM_IMAGE_LOCK_FREE : MVM_IMAGE_LOCK_UNKNOWN;
    return mvm_image_lock_look(fd);
}
