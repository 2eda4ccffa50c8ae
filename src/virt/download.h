/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of a volume, brought from the libvirt host to a local file. */
#pragma once

#include "virt/connection.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Writes the bytes of the volume at path, at most max of them (more: MVM_ERROR_FAILED), to fd. An
 * image that draws on another file, which would be looked for on this machine, is MVM_ERROR_USAGE.
 */
bool mvm_download_volume(MvmConnection *conn, const char *path, uint64_t max, int fd,
                         GError **error);
