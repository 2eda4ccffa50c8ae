/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/opencore-image.h"

#include "media/efi-folder.h"
#include "media/mtools.h"
#include "media/opencore-read.h"
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

typedef struct {
    const MvmOpencoreImage *image;
    GPtrArray *entries; /* owned */
    char *raw;          /* path of the disk as it grows; owned */
    char *drive;        /* the partition in it, as mtools names it; owned */
    char *config;       /* path of the configuration; owned */
    char *base;         /* path of what it was made of; owned */
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

static bool
is_config(const char *name)
{
    return g_ascii_strcasecmp(name, MVM_OPENCORE_CONFIG) == 0 ||
           g_ascii_strcasecmp(name, MVM_OPENCORE_BASE) == 0;
}

static void
add_config(const Work *work, GPtrArray *args)
{
    g_ptr_array_add(args, work->config);
    if (work->image->base != NULL)
        g_ptr_array_add(args, work->base);
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

        if (is_in_folder(entry, folder) && !is_config(entry->name))
            g_ptr_array_add(args, entry->source);
    }
    if (g_ascii_strcasecmp(folder, "EFI/OC") == 0)
        add_config(work, args);
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
partition_size(const GPtrArray *entries, size_t text_len)
{
    uint64_t size = text_len;

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
write_config(const Work *work, GError **error)
{
    const MvmOpencoreImage *image = work->image;

    return mvm_file_replace(work->config, image->config, image->config_len, 0600, error) &&
           (image->base == NULL ||
            mvm_file_replace(work->base, image->base, image->base_len, 0600, error));
}

static bool
fill(const Work *work, GError **error)
{
    return write_config(work, error) && make_file(work, error) && write_table(work, error) &&
           format(work, error) && make_folders(work, error) && copy_files(work, error);
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

static void
work_init(Work *work, const MvmOpencoreImage *image, const char *dir)
{
    *work = (Work){.image = image,
                   .config = g_build_filename(dir, "config.plist", NULL),
                   .base = g_build_filename(dir, "macvm-base.plist", NULL)};
}

static void
work_clear(Work *work)
{
    (void)unlink(work->config);
    (void)unlink(work->base);
    g_free(work->config);
    g_free(work->base);
    g_free(work->raw);
    g_free(work->drive);
    g_clear_pointer(&work->entries, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

char *
mvm_opencore_image_make(const MvmOpencoreImage *image, const char *dir, GError **error)
{
    g_auto(Work) work = {0};
    char *path = NULL;

    work_init(&work, image, dir);
    work.entries = mvm_efi_folder_list(image->efi_folder, error);
    if (work.entries == NULL)
        return NULL;
    if (!has_oc_folder(work.entries)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot use '%s' for the OpenCore disk: no OC folder in it", image->efi_folder);
        return NULL;
    }
    work.raw = g_build_filename(dir, "opencore.raw", NULL);
    work.drive = g_strdup_printf("%s@@%" G_GUINT64_FORMAT, work.raw, PARTITION_START);
    work.size = partition_size(work.entries, image->config_len + image->base_len);
    if (fill(&work, error))
        path = convert(&work, dir, error);
    (void)unlink(work.raw);
    return path;
}

static bool
replace_config(const Work *work, GError **error)
{
    g_autoptr(GPtrArray) args = g_ptr_array_new();

    g_ptr_array_add(args, (gpointer) "-o");
    g_ptr_array_add(args, (gpointer) "-Q");
    add_config(work, args);
    g_ptr_array_add(args, (gpointer) "::/EFI/OC/");
    g_ptr_array_add(args, NULL);
    return write_config(work, error) && mvm_mtools_run("mcopy", work->drive, args, error);
}

char *
mvm_opencore_image_edit(const MvmOpencoreImage *image, const char *raw, const char *dir,
                        GError **error)
{
    g_auto(Work) work = {0};

    work_init(&work, image, dir);
    work.raw = g_strdup(raw);
    work.drive = mvm_opencore_image_drive(raw, error);
    return work.drive != NULL && replace_config(&work, error) ? convert(&work, dir, error) : NULL;
}
