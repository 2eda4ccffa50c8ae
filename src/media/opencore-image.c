/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/opencore-image.h"

#include "media/efi-folder.h"
#include "media/mtools.h"
#include "util/command.h"
#include "util/error.h"
#include "util/file.h"

#include <fcntl.h>
#include <libfdisk/libfdisk.h>
#include <string.h>
#include <unistd.h>

#define SECTOR 512
#define MIB (UINT64_C(1) << 20)
/* The partition begins at 1 MiB, and the table's copy has the last one. */
#define PARTITION_START MIB
#define PARTITION_TAIL MIB
/* Smaller, FAT32 would not be FAT32 (it is told by having more than 65524 clusters); empty space
 * costs nothing. */
#define PARTITION_MIN (256 * MIB)
#define CLUSTER_SECTORS "4"
#define CLUSTER (4 * SECTOR)

/* UEFI specification, table of defined partition types. */
#define EFI_SYSTEM_PARTITION "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"

#define CONFIG_NAME "EFI/OC/config.plist"

typedef struct {
    const MvmOpencoreImage *image;
    GPtrArray *entries; /* owned */
    char *raw;          /* path of the disk as it grows; owned */
    char *drive;        /* the partition in it, as mtools names it; owned */
    char *config;       /* path of the configuration; owned */
    uint64_t size;      /* of the partition, in bytes */
} Work;

/* --- the partition table ------------------------------------------------------------------------
 */

static bool
fdisk_failed(int rc, const char *path, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot partition '%s': %s", path,
                g_strerror(-rc));
    return false;
}

/* The partition's UUID: the disk's with another last digit. The caller frees. */
static char *
partition_guid(const char *guid)
{
    char *other = g_strdup(guid);
    char *last = other + strlen(other) - 1;

    *last = *last == '0' ? '1' : '0';
    return other;
}

static int
add_partition(struct fdisk_context *cxt, const Work *work)
{
    struct fdisk_partition *part = fdisk_new_partition();
    struct fdisk_parttype *type =
        fdisk_label_get_parttype_from_string(fdisk_get_label(cxt, NULL), EFI_SYSTEM_PARTITION);
    g_autofree char *guid = partition_guid(work->image->guid);
    int rc = part == NULL || type == NULL ? -ENOMEM : 0;

    if (rc == 0 && (rc = fdisk_partition_set_partno(part, 0)) == 0 &&
        (rc = fdisk_partition_set_start(part, PARTITION_START / SECTOR)) == 0 &&
        (rc = fdisk_partition_set_size(part, work->size / SECTOR)) == 0 &&
        (rc = fdisk_partition_set_type(part, type)) == 0 &&
        (rc = fdisk_partition_set_name(part, "EFI")) == 0 &&
        (rc = fdisk_partition_set_uuid(part, guid)) == 0)
        rc = fdisk_add_partition(cxt, part, NULL);
    fdisk_unref_partition(part);
    return rc;
}

static bool
write_table(const Work *work, GError **error)
{
    struct fdisk_context *cxt = fdisk_new_context();
    int rc = cxt == NULL ? -ENOMEM : fdisk_disable_dialogs(cxt, 1);

    if (rc == 0 && (rc = fdisk_assign_device(cxt, work->raw, 0)) == 0) {
        if ((rc = fdisk_create_disklabel(cxt, "gpt")) == 0 &&
            (rc = fdisk_set_disklabel_id_from_string(cxt, work->image->guid)) == 0 &&
            (rc = add_partition(cxt, work)) == 0)
            rc = fdisk_write_disklabel(cxt);
        (void)fdisk_deassign_device(cxt, 1);
    }
    fdisk_unref_context(cxt);
    return rc == 0 || fdisk_failed(rc, work->raw, error);
}

/* --- the file system ----------------------------------------------------------------------------
 */

static bool
format(const Work *work, GError **error)
{
    g_autofree char *sectors = g_strdup_printf("%" G_GUINT64_FORMAT, work->size / SECTOR);
    g_autofree char *serial = g_strndup(work->image->guid, 8);
    const char *options[] = {
        "-F", "-T",   sectors, "-h",       "64", "-s", "32", "-H", "2048", "-c", CLUSTER_SECTORS,
        "-N", serial, "-v",    "OPENCORE", "::", NULL};
    g_autoptr(GPtrArray) args = g_ptr_array_new();

    for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
        g_ptr_array_add(args, (gpointer)options[i]);
    return mvm_mtools_run("mformat", work->drive, args, error);
}

static bool
make_folders(const Work *work, GError **error)
{
    g_autoptr(GPtrArray) args = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < work->entries->len; i++) {
        const MvmEfiEntry *entry = work->entries->pdata[i];

        if (entry->source == NULL)
            g_ptr_array_add(args, g_strconcat("::/", entry->name, NULL));
    }
    g_ptr_array_add(args, NULL);
    return mvm_mtools_run("mmd", work->drive, args, error);
}

static bool
is_in_folder(const MvmEfiEntry *entry, const char *folder)
{
    size_t len = strlen(folder);

    return entry->source != NULL && strncmp(entry->name, folder, len) == 0 &&
           entry->name[len] == '/' && strchr(entry->name + len + 1, '/') == NULL;
}

/* The files that are in folder itself, with one call. */
static bool
copy_folder(const Work *work, const char *folder, GError **error)
{
    g_autofree char *target = g_strconcat("::/", folder, "/", NULL);
    g_autoptr(GPtrArray) args = g_ptr_array_new();

    g_ptr_array_add(args, (gpointer) "-Q");
    for (guint i = 0; i < work->entries->len; i++) {
        const MvmEfiEntry *entry = work->entries->pdata[i];

        if (is_in_folder(entry, folder) && g_ascii_strcasecmp(entry->name, CONFIG_NAME) != 0)
            g_ptr_array_add(args, entry->source);
    }
    if (g_ascii_strcasecmp(folder, "EFI/OC") == 0)
        g_ptr_array_add(args, work->config);
    if (args->len == 1)
        return true;
    g_ptr_array_add(args, target);
    g_ptr_array_add(args, NULL);
    return mvm_mtools_run("mcopy", work->drive, args, error);
}

static bool
copy_files(const Work *work, GError **error)
{
    for (guint i = 0; i < work->entries->len; i++) {
        const MvmEfiEntry *entry = work->entries->pdata[i];

        if (entry->source == NULL && !copy_folder(work, entry->name, error))
            return false;
    }
    return true;
}

/* --- the disk -----------------------------------------------------------------------------------
 */

/* A quarter more than the content, which also pays for the table of clusters. */
static uint64_t
partition_size(const GPtrArray *entries, size_t config_len)
{
    uint64_t size = config_len;

    for (guint i = 0; i < entries->len; i++)
        size += (((const MvmEfiEntry *)entries->pdata[i])->size / CLUSTER + 1) * CLUSTER;
    size = (size + size / 4) / MIB * MIB;
    return MAX(size, PARTITION_MIN);
}

static bool
make_file(const Work *work, GError **error)
{
    mvm_autofd fd = open(work->raw, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 || ftruncate(fd, (off_t)(PARTITION_START + work->size + PARTITION_TAIL)) < 0)
        return mvm_error_set_errno(error, "create", work->raw);
    return true;
}

static bool
fill(const Work *work, GError **error)
{
    return mvm_file_replace(work->config, work->image->config, work->image->config_len, 0600,
                            error) &&
           make_file(work, error) && write_table(work, error) && format(work, error) &&
           make_folders(work, error) && copy_files(work, error);
}

static char *
convert(const Work *work, const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "opencore.qcow2", NULL);
    const char *const argv[] = {"qemu-img", "convert", "-q",      "-f", "raw",
                                "-O",       "qcow2",   work->raw, path, NULL};
    g_autofree char *out = mvm_command_run(argv, error);

    if (out == NULL)
        (void)unlink(path);
    return out != NULL ? g_steal_pointer(&path) : NULL;
}

/* Whether the folder has a place for the configuration. */
static bool
has_oc_folder(const GPtrArray *entries)
{
    for (guint i = 0; i < entries->len; i++) {
        const MvmEfiEntry *entry = entries->pdata[i];

        if (entry->source == NULL && g_ascii_strcasecmp(entry->name, "EFI/OC") == 0)
            return true;
    }
    return false;
}

char *
mvm_opencore_image_make(const MvmOpencoreImage *image, const char *dir, GError **error)
{
    g_autoptr(GPtrArray) entries = mvm_efi_folder_list(image->efi_folder, error);
    g_autofree char *raw = g_build_filename(dir, "opencore.raw", NULL);
    g_autofree char *drive = g_strdup_printf("%s@@%" G_GUINT64_FORMAT, raw, PARTITION_START);
    g_autofree char *config = g_build_filename(dir, "config.plist", NULL);
    Work work = {.image = image, .entries = entries, .raw = raw, .drive = drive, .config = config};
    char *path = NULL;

    if (entries == NULL)
        return NULL;
    if (!has_oc_folder(entries)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot use '%s' for the OpenCore disk: no OC folder in it", image->efi_folder);
        return NULL;
    }
    work.size = partition_size(entries, image->config_len);
    if (fill(&work, error))
        path = convert(&work, dir, error);
    (void)unlink(raw);
    (void)unlink(config);
    return path;
}
