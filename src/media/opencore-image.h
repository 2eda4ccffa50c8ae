/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The boot loader's disk: GPT with one EFI system partition, FAT32, made of an EFI folder and a
 * configuration. No privilege, no mount: libfdisk writes the table, mtools the file system,
 * qemu-img makes a qcow2 of it. That is not raw on purpose: the guest may write to this disk, and
 * what it writes at the beginning of a raw one would be taken for the header of another format.
 *
 * The same folder, configuration and guid give the same bytes (with the same tools): time stamps
 * are fixed, files are written in the order of their names.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *efi_folder; /* see mvm_efi_folder_list() for what is refused */
    const char *config;     /* text of OC/config.plist, in the place of the folder's own */
    size_t config_len;
    const char *base; /* text that config was made of, kept beside it; NULL: none */
    size_t base_len;
    const char *guid; /* of the disk and, one digit changed, of the partition: a UUID */
} MvmOpencoreImage;

/* Makes the disk in dir, an existing directory of the caller's own, and returns its path there; the
 * caller frees, and removes the file. A tool that is not installed is MVM_ERROR_HOST. */
char *mvm_opencore_image_make(const MvmOpencoreImage *image, const char *dir, GError **error);

/* Makes the disk of the raw one in the file raw, which it changes: all stays but config, and base
 * where there is one; efi_folder and guid are not looked at. */
char *mvm_opencore_image_edit(const MvmOpencoreImage *image, const char *raw, const char *dir,
                              GError **error);
