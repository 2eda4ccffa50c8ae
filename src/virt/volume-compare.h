/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a volume holds what a local file holds, read back through libvirt. */
#pragma once

#include "util/progress.h"
#include "virt/pool.h"

#include <stdbool.h>

/* Compares the volume called name with the file fd byte by byte; *ret_same tells. Fails with
 * MVM_ERROR_NOT_FOUND when there is no finished volume of that name. progress may be NULL. */
bool mvm_volume_compare(MvmPool *pool, const char *name, int fd, MvmProgress *progress,
                        bool *ret_same, GError **error);
