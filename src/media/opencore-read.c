/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/opencore-read.h"

#include "media/mtools.h"
#include "util/error.h"

#include <libfdisk/libfdisk.h>
#include <string.h>

/* UEFI specification: the partition's type in a GPT, and in a master boot record. */
#define EFI_SYSTEM_PARTITION "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
#define MBR_EFI_SYSTEM_PARTITION 0xef

static bool
is_efi(struct fdisk_partition *part)
{
    struct fdisk_parttype *type = fdisk_partition_get_type(part);
    const char *guid = type != NULL ? fdisk_parttype_get_string(type) : NULL;

    if (guid != NULL)
        return g_ascii_strcasecmp(guid, EFI_SYSTEM_PARTITION) == 0;
    return type != NULL && fdisk_parttype_get_code(type) == MBR_EFI_SYSTEM_PARTITION;
}

/* Where the first EFI system partition begins, in bytes; 0 when there is none. */
static uint64_t
find_partition(struct fdisk_context *cxt)
{
    uint64_t start = 0;

    for (size_t i = 0; start == 0 && i < fdisk_get_npartitions(cxt); i++) {
        struct fdisk_partition *part = NULL;

        if (fdisk_get_partition(cxt, i, &part) == 0 && fdisk_partition_has_start(part) &&
            is_efi(part))
            start = fdisk_partition_get_start(part) * fdisk_get_sector_size(cxt);
        fdisk_unref_partition(part);
    }
    return start;
}

static uint64_t
partition_offset(const char *path)
{
    struct fdisk_context *cxt = fdisk_new_context();
    uint64_t start = 0;

    if (cxt != NULL && fdisk_disable_dialogs(cxt, 1) == 0 &&
        fdisk_assign_device(cxt, path, 1) == 0) {
        start = fdisk_has_label(cxt) ? find_partition(cxt) : 0;
        (void)fdisk_deassign_device(cxt, 1);
    }
    fdisk_unref_context(cxt);
    return start;
}

char *
mvm_opencore_image_drive(const char *path, GError **error)
{
    uint64_t start = partition_offset(path);

    if (start != 0)
        return g_strdup_printf("%s@@%" G_GUINT64_FORMAT, path, start);
    g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                "cannot find an EFI system partition in '%s'", path);
    return NULL;
}

char *
mvm_opencore_image_read(const char *path, const char *file, size_t *ret_len, GError **error)
{
    g_autofree char *drive = mvm_opencore_image_drive(path, error);
    g_autofree char *name = g_strconcat("::/", file, NULL);
    g_autoptr(GPtrArray) args = g_ptr_array_new();
    char *text = NULL;

    if (drive == NULL)
        return NULL;
    g_ptr_array_add(args, name);
    g_ptr_array_add(args, NULL);
    text = mvm_mtools_read("mtype", drive, args, error);
    if (text != NULL)
        *ret_len = strlen(text);
    return text;
}
