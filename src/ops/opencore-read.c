/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unpacking OpenCore disks, and reading config.plist out of them. */
#include "media/opencore-read.h"

#include "ops/opencore-priv.h"
#include "util/command.h"
#include "util/error.h"
#include "util/file.h"
#include "virt/download.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Upstream's image has 384 MiB, and 20 MiB in it. */
#define MAX_IMAGE (UINT64_C(1) << 30)
#define MAX_DISK (INT64_C(4) << 30)

char *
mvm_opencore_make_dir(GError **error)
{
    g_autoptr(GError) cause = NULL;
    char *dir = g_dir_make_tmp("macvm-opencore.XXXXXX", &cause);

    if (dir == NULL)
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot make a temporary directory: %s",
                    cause->message);
    return dir;
}

static bool
is_qcow2(const char *image)
{
    mvm_autofd fd = open(image, O_RDONLY | O_CLOEXEC);
    char magic[4] = "";

    return fd >= 0 && read(fd, magic, sizeof(magic)) == sizeof(magic) &&
           memcmp(magic, "QFI\xfb", sizeof(magic)) == 0;
}

/* The capacity that qemu-img sees, or -1. */
static gint64
capacity_of(const char *path, const char *format, GError **error)
{
    const char *const argv[] = {"qemu-img", "info", "-f", format, "--output=json", path, NULL};
    g_autofree char *out = mvm_command_run(argv, error);
    const char *at = out != NULL ? strstr(out, "\"virtual-size\":") : NULL;

    return at != NULL ? g_ascii_strtoll(at + strlen("\"virtual-size\":"), NULL, 10) : -1;
}

/* Raw or qcow2 alone: an image of another format may name other files. */
bool
mvm_opencore_unpack(const char *image, const char *format, const char *raw, GError **error)
{
    const char *from = format != NULL ? format : is_qcow2(image) ? "qcow2" : "raw";
    const char *const argv[] = {"qemu-img", "convert", "-q",  "-f", from,
                                "-O",       "raw",     image, raw,  NULL};
    gint64 capacity = capacity_of(image, from, error);
    g_autofree char *out = NULL;

    if (capacity > MAX_DISK)
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot use '%s' as an OpenCore disk: it has more than 4 GiB", image);
    if (capacity < 0 || capacity > MAX_DISK)
        return false;
    out = mvm_command_run_within(argv, 0, error);
    return out != NULL;
}

static bool
download(const MvmContext *context, const char *path, const char *copy, GError **error)
{
    mvm_autofd fd = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return mvm_error_set_errno(error, "create", copy);
    return mvm_download_volume(context->conn, path, MAX_IMAGE, fd, error);
}

bool
mvm_opencore_bring(const MvmContext *context, const char *path, const char *raw, GError **error)
{
    g_autofree char *copy = g_strconcat(raw, ".copy", NULL);
    bool done = download(context, path, copy, error) && mvm_opencore_unpack(copy, NULL, raw, error);

    (void)unlink(copy);
    return done;
}

static void
hint_at_update(GError **error)
{
    mvm_error_set_hint(error, "'macvm opencore update' makes a new disk, with what macvm has set");
}

static char *
read_config(const char *raw, const char *path, size_t *ret_len, GError **error)
{
    g_autoptr(GError) cause = NULL;
    char *text = mvm_opencore_image_read(raw, MVM_OPENCORE_CONFIG, ret_len, &cause);

    if (text == NULL && g_error_matches(cause, MVM_ERROR, MVM_ERROR_HOST)) {
        g_propagate_error(error, g_steal_pointer(&cause));
    } else if (text == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot read '%s': no EFI/OC/config.plist can be read from it", path);
        hint_at_update(error);
    }
    return text;
}

/* Whoever can write to the disk can make anything of this text. */
static MvmPlist *
read_base(const char *raw)
{
    size_t len = 0;
    g_autofree char *text = mvm_opencore_image_read(raw, MVM_OPENCORE_BASE, &len, NULL);

    return text != NULL ? mvm_plist_parse(text, len, MVM_OPENCORE_BASE, NULL) : NULL;
}

MvmPlist *
mvm_opencore_parse(const char *raw, const char *path, MvmPlist **ret_base, GError **error)
{
    size_t len = 0;
    g_autofree char *text = read_config(raw, path, &len, error);
    MvmPlist *plist = text != NULL ? mvm_plist_parse(text, len, "config.plist", error) : NULL;

    if (text != NULL && plist == NULL)
        hint_at_update(error);
    if (plist != NULL && ret_base != NULL)
        *ret_base = read_base(raw);
    return plist;
}

MvmPlist *
mvm_opencore_read(const MvmContext *context, const char *path, MvmPlist **ret_base, GError **error)
{
    g_autofree char *dir = mvm_opencore_make_dir(error);
    g_autofree char *raw = dir != NULL ? g_build_filename(dir, "disk.raw", NULL) : NULL;
    MvmPlist *plist = NULL;

    if (dir == NULL)
        return NULL;
    if (mvm_opencore_bring(context, path, raw, error))
        plist = mvm_opencore_parse(raw, path, ret_base, error);
    (void)unlink(raw);
    (void)rmdir(dir);
    return plist;
}
