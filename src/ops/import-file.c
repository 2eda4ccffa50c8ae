/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/import-file.h"

#include "import/image-head.h"
#include "util/command.h"
#include "util/error.h"
#include "util/file.h"
#include "util/paths.h"
#include "virt/pump.h"
#include "virt/upload.h"
#include "virt/volume-compare.h"
#include "virt/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* OVMF's builds have 4 MiB at most. */
#define FIRMWARE_MAX (16 * 1024 * 1024)
/* The signature of a firmware volume's header (UEFI Platform Initialization, volume 3). */
#define FIRMWARE_MAGIC_AT 40
#define FIRMWARE_MAGIC "_FVH"

/* The bytes by which QEMU tells others what it does with an image, and what they may not: one for
 * each permission (block/file-posix.c, RAW_LOCK_PERM_BASE and RAW_LOCK_SHARED_BASE). */
#define LOCK_READS 100
#define LOCK_WRITES 101
#define LOCK_RESIZES 103
#define LOCK_NO_WRITES 201
#define LOCK_NO_RESIZES 203

static bool
refuse(const char *path, const char *cause, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot import '%s': %s", path, cause);
    return false;
}

/* --- nobody writes meanwhile ------------------------------------------------------------------ */

static struct flock
lock_of(short type, off_t at)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
}

/* Whether somebody says so of the image. A file system without such locks cannot tell. */
static bool
is_locked(int fd, off_t at)
{
    struct flock lock = lock_of(F_WRLCK, at);

    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* As long as fd is open, no QEMU begins to write. */
static bool
lock_image(const MvmImportFile *file, GError **error)
{
    static const off_t ours[] = {LOCK_READS, LOCK_NO_WRITES, LOCK_NO_RESIZES};

    for (size_t i = 0; i < G_N_ELEMENTS(ours); i++) {
        struct flock lock = lock_of(F_RDLCK, ours[i]);

        (void)fcntl(file->fd, F_OFD_SETLK, &lock);
    }
    if (!is_locked(file->fd, LOCK_WRITES) && !is_locked(file->fd, LOCK_RESIZES))
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot import '%s': a machine runs with it",
                file->path);
    mvm_error_set_hint(error, "shut that machine down first");
    return false;
}

/* --- opening ---------------------------------------------------------------------------------- */

static bool
check_head(MvmImportFile *file, MvmImportKind kind, off_t size, GError **error)
{
    uint8_t head[MVM_IMAGE_HEAD] = {0};
    ssize_t got = pread(file->fd, head, sizeof head, 0);
    MvmImageFormat format = MVM_IMAGE_RAW;

    if (got < 0)
        return mvm_error_set_errno(error, "read", file->path);
    if (kind == MVM_IMPORT_FIRMWARE) {
        if (size > FIRMWARE_MAX || got < FIRMWARE_MAGIC_AT + 4 ||
            memcmp(head + FIRMWARE_MAGIC_AT, FIRMWARE_MAGIC, 4) != 0)
            return refuse(file->path, "not UEFI firmware", error);
        return true;
    }
    if (!mvm_image_head_check(head, (size_t)got, "import", file->path, &format, error))
        return false;
    file->is_raw = format == MVM_IMAGE_RAW;
    return lock_image(file, error);
}

bool
mvm_import_file_open(MvmImportFile *file, MvmImportKind kind, const char *path, const char *volume,
                     GError **error)
{
    struct stat st;

    file->path = g_strdup(path);
    file->volume = g_strdup(volume);
    /* O_NONBLOCK: to open a FIFO would wait for somebody who writes. */
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->fd < 0 || fstat(file->fd, &st) < 0)
        return mvm_error_set_errno(error, "import", path);
    if (!S_ISREG(st.st_mode))
        return refuse(path, "not a regular file", error);
    return check_head(file, kind, st.st_size, error);
}

void
mvm_import_file_clear(MvmImportFile *file)
{
    if (file->converted != NULL)
        (void)unlink(file->converted);
    mvm_close_fd(&file->fd);
    g_free(file->path);
    g_free(file->volume);
    g_free(file->there);
    g_free(file->converted);
}

/* --- into the pool ---------------------------------------------------------------------------- */

/* A raw disk whose guest writes another format's header at its beginning would be taken for one of
 * that format, by whoever looks; a qcow2 image is what it is. Made where this machine has its
 * caches, under one name: what a killed import left there is written over. */
static int
convert(MvmImportFile *file, const MvmContext *context, GError **error)
{
    g_autofree char *dir = mvm_path_user_data("cache");
    g_autofree char *base = g_strconcat("import-", file->volume, NULL);
    g_autofree char *path = g_build_filename(dir, base, NULL);
    const char *const argv[] = {"qemu-img", "convert",  "-f", "raw", "-O",
                                "qcow2",    file->path, path, NULL};
    g_autofree char *out = NULL;
    G_GNUC_UNUSED g_autoptr(MvmPump) pump = mvm_pump_start(); /* it takes minutes */
    int fd = -1;

    if (!mvm_file_make_dir(dir, error))
        return -1;
    mvm_progress_note(context->progress, "making a qcow2 image of '%s'", file->path);
    file->converted = g_steal_pointer(&path);
    out = mvm_command_run_within(argv, 0, error);
    if (out == NULL)
        return -1;
    fd = open(file->converted, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        mvm_error_set_errno(error, "read", file->converted);
    return fd;
}

static bool
take_there(MvmImportFile *file, const MvmContext *context, MvmPool *pool, int fd, GError **error)
{
    bool same = false;

    if (!mvm_volume_compare(pool, file->volume, fd, context->progress, &same, error))
        return false;
    if (same)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot import '%s': pool '%s' has another volume '%s'", file->path,
                mvm_pool_get_name(pool), file->volume);
    mvm_error_set_hint(error, "choose another name, or delete that one with 'virsh vol-delete'");
    return false;
}

/* Seen from here: where the libvirt host is another machine, its paths are, but for a file system
 * that both have at the same place. */
bool
mvm_import_file_check_apart(const MvmImportFile *file, MvmPool *pool, GError **error)
{
    g_autoptr(MvmVolume) volume = mvm_volume_lookup(pool, file->volume, NULL);
    struct stat ours, theirs;

    if (volume == NULL || stat(volume->path, &theirs) < 0 || fstat(file->fd, &ours) < 0 ||
        ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot import '%s': it is the volume '%s' of pool '%s' itself", file->path,
                file->volume, mvm_pool_get_name(pool));
    mvm_error_set_hint(error, "give the machine another name, or another pool with --pool: then it "
                              "gets a copy");
    return false;
}

bool
mvm_import_file_put(MvmImportFile *file, const MvmContext *context, MvmPool *pool,
                    const char *machine, GError **error)
{
    MvmUploadTarget target = {.name = file->volume, .machine = machine};
    mvm_autofd converted = file->is_raw ? convert(file, context, error) : -1;
    int fd = file->is_raw ? converted : file->fd;
    g_autoptr(MvmVolume) volume = NULL;

    if (fd < 0)
        return false;
    volume = mvm_volume_lookup(pool, file->volume, NULL);
    if (volume == NULL)
        volume = mvm_upload_file(pool, &target, fd, context->progress, error);
    else if (!mvm_volume_check_unused(pool, file->volume, machine, "use", error) ||
             !take_there(file, context, pool, fd, error))
        return false;
    if (volume == NULL)
        return false;
    file->there = g_strdup(volume->path);
    return true;
}

bool
mvm_import_file_is_there(const MvmImportFile *file)
{
    struct stat opened, there;

    return fstat(file->fd, &opened) == 0 && lstat(file->path, &there) == 0 &&
           opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
}

bool
mvm_import_file_is_same(const MvmImportFile *file, const MvmContext *context, MvmPool *pool,
                        bool *ret_same, GError **error)
{
    *ret_same = false;
    return file->is_raw ||
           mvm_volume_compare(pool, file->volume, file->fd, context->progress, ret_same, error);
}
