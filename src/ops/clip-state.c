/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/clip-state.h"

#include "util/file.h"
#include "util/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

char *
mvm_clip_lock_path(const char *key)
{
    g_autofree char *name = g_strdup_printf("clip-%s.lock", key);

    return mvm_path_runtime(name);
}

bool
mvm_clip_is_running(const char *key)
{
    g_autofree char *path = mvm_clip_lock_path(key);
    mvm_autofd fd = open(path, O_RDONLY | O_CLOEXEC);

    return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}
