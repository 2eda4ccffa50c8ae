/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading OpenCore's configuration out of a boot loader's disk, with mtools as for making one. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* OpenCore's configuration, and the text of the one that it was made of. */
#define MVM_OPENCORE_CONFIG "EFI/OC/config.plist"
#define MVM_OPENCORE_BASE "EFI/OC/macvm-base.plist"

/* The first EFI system partition of the raw disk at path as mtools name it; the caller frees. None:
 * MVM_ERROR_NOT_FOUND. */
char *mvm_opencore_image_drive(const char *path, GError **error);

/* The text of a file in it, with its length in *ret_len; the caller frees. Fails as
 * mvm_opencore_image_drive() and mvm_command_run() do. What comes back is not checked. */
char *mvm_opencore_image_read(const char *path, const char *file, size_t *ret_len, GError **error);
