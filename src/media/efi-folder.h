/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is in an EFI folder that a disk is to be made of: checked, bounded, in one order. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Upstream's has 500 files in 17 MB. */
#define MVM_EFI_MAX_ENTRIES 8192
#define MVM_EFI_MAX_DEPTH 16
#define MVM_EFI_MAX_SIZE (INT64_C(512) << 20)

typedef struct {
    char *name;    /* from the folder's parent on: "EFI/OC/OpenCore.efi" */
    char *source;  /* the file, or NULL for a folder */
    uint64_t size; /* of the file, in bytes */
} MvmEfiEntry;

/* Every folder and file of folder, sorted by name, each folder before what is in it; the folder
 * itself is "EFI". Fails with MVM_ERROR_FAILED on a symbolic link that leads out of it (or to a
 * folder), on what is neither file nor folder, on names that FAT does not have or tell apart,
 * beyond the bounds above, and without BOOT/BOOTX64.EFI. The caller frees. */
GPtrArray *mvm_efi_folder_list(const char *folder, GError **error);
