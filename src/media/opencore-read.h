/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading OpenCore's configuration out of a boot loader's disk, with mtools as for making one. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* The text of EFI/OC/config.plist in the first EFI system partition of the raw disk at path, with
 * its length in *ret_len; the caller frees. Fails with MVM_ERROR_NOT_FOUND when there is no such
 * partition, and as mvm_command_run() does. What comes back is not checked. */
char *mvm_opencore_image_read_config(const char *path, size_t *ret_len, GError **error);
