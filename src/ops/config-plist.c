/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/config-plist.h"

#include "media/opencore-read.h"
#include "ops/define-current.h"
#include "ops/define.h"
#include "ops/opencore.h"
#include "util/command.h"
#include "util/error.h"
#include "util/file.h"
#include "virt/download.h"

#include <fcntl.h>
#include <string.h>

/* Upstream's image has 384 MiB, and 20 MiB in it. */
#define MAX_IMAGE (UINT64_C(1) << 30)

/* --- reading ---------------------------------------------------------------------------------- */

/* The path of the disk that the machine boots from, on the libvirt host; the caller frees. */
static char *
find_disk(const MvmCurrent *current, const char *name, GError **error)
{
    const MvmHadImage *had = &current->images[MVM_IMAGE_OPENCORE];
    char *path = NULL;

    if (had->path != NULL && had->attached)
        path = g_strdup(had->path);
    else
        path = mvm_xml_get(current->doc, "/domain/devices/disk[target/@dev='sda']/source/@file");
    if (path != NULL)
        return path;
    g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                "cannot read config.plist: '%s' has no OpenCore disk", name);
    mvm_error_set_hint(error, "'macvm define %s' makes one", name);
    return NULL;
}

static bool
bring_disk(const MvmContext *context, const char *path, const char *copy, GError **error)
{
    mvm_autofd fd = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return mvm_error_set_errno(error, "create", copy);
    return mvm_download_volume(context->conn, path, MAX_IMAGE, fd, error);
}

/* Raw or qcow2 alone: an image of another format may name other files. */
static bool
to_raw(const char *image, const char *raw, GError **error)
{
    mvm_autofd fd = open(image, O_RDONLY | O_CLOEXEC);
    char magic[4] = "";
    bool qcow2 = fd >= 0 && read(fd, magic, sizeof(magic)) == sizeof(magic) &&
                 memcmp(magic, "QFI\xfb", sizeof(magic)) == 0;
    const char *const argv[] = {"qemu-img", "convert", "-q",  "-f", qcow2 ? "qcow2" : "raw",
                                "-O",       "raw",     image, raw,  NULL};
    g_autofree char *out = mvm_command_run(argv, error);

    return out != NULL;
}

static char *
read_config(const char *raw, const char *path, size_t *ret_len, GError **error)
{
    g_autoptr(GError) cause = NULL;
    char *text = mvm_opencore_image_read_config(raw, ret_len, &cause);

    if (text == NULL && g_error_matches(cause, MVM_ERROR, MVM_ERROR_HOST)) {
        g_propagate_error(error, g_steal_pointer(&cause));
    } else if (text == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot read '%s': no EFI/OC/config.plist can be read from it", path);
        mvm_error_set_hint(error, "where macvm made the disk, 'macvm define' makes a new one once "
                                  "the volume is deleted");
    }
    return text;
}

static char *
read_disk(const MvmContext *context, const char *path, const char *dir, size_t *ret_len,
          GError **error)
{
    g_autofree char *copy = g_build_filename(dir, "disk", NULL);
    g_autofree char *raw = g_build_filename(dir, "disk.raw", NULL);
    char *text = NULL;

    if (bring_disk(context, path, copy, error) && to_raw(copy, raw, error))
        text = read_config(raw, path, ret_len, error);
    (void)unlink(copy);
    (void)unlink(raw);
    return text;
}

static MvmCurrent *
load_current(const MvmContext *context, const char *name, GError **error)
{
    MvmCurrent *current = NULL;

    if (!mvm_current_load(context->conn, name, &current, error))
        return NULL;
    if (current == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND, "cannot find machine '%s'", name);
        mvm_error_set_hint(error, "'macvm list' shows the machines there are");
    }
    return current;
}

MvmPlist *
mvm_config_plist_load(const MvmContext *context, const char *name, GError **error)
{
    MvmCurrent *current = load_current(context, name, error);
    g_autofree char *path = current != NULL ? find_disk(current, name, error) : NULL;
    g_autofree char *dir = path != NULL ? mvm_opencore_make_dir(error) : NULL;
    g_autofree char *text = NULL;
    size_t len = 0;

    mvm_current_free(current);
    if (dir == NULL)
        return NULL;
    text = read_disk(context, path, dir, &len, error);
    (void)rmdir(dir);
    return text != NULL ? mvm_plist_parse(text, len, "config.plist", error) : NULL;
}

/* --- changing --------------------------------------------------------------------------------- */

static bool
usage(const MvmConfigChange *change, const char *why, const char *hint, GError **error)
{
    g_autofree char *shown = g_strescape(change->key, NULL);

    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot set '%s': %s", shown, why);
    mvm_error_set_hint(error, "%s", hint);
    return false;
}

static bool
find_type(const MvmConfigChange *change, const MvmPlist *plist, MvmPlistType *ret_type,
          GError **error)
{
    g_autofree char *now = NULL;

    if (change->type != NULL)
        return mvm_plist_type_find(change->type, ret_type) ||
               usage(change, "no such type", "string, integer, real, boolean and data can be set",
                     error);
    now = mvm_plist_get(plist, change->key, ret_type, error);
    if (now == NULL)
        mvm_error_set_hint(error, "a new key needs --type string, integer, real, boolean or data, "
                                  "and a dictionary that is there");
    return now != NULL;
}

/* What people write as mvm_plist_set() takes it; the caller frees. */
static char *
normalise(MvmPlistType type, const char *value)
{
    static const char *const yes[] = {"yes", "on", "1", NULL};
    static const char *const no[] = {"no", "off", "0", NULL};
    char *data = type == MVM_PLIST_DATA ? mvm_plist_data_from_hex(value) : NULL;

    if (data != NULL)
        return data;
    if (type == MVM_PLIST_BOOLEAN && g_strv_contains(yes, value))
        return g_strdup("true");
    if (type == MVM_PLIST_BOOLEAN && g_strv_contains(no, value))
        return g_strdup("false");
    return g_strdup(value);
}

static bool
check_change(const MvmConfigChange *change, GError **error)
{
    if (mvm_opencore_is_identity(change->key))
        return usage(change, "it is the machine's identity",
                     "'macvm status' tells it; it is made once for each machine", error);
    return mvm_config_edit_is_valid(change->key, "string", change->value) ||
           usage(change, "it is empty or too long", "a value has 64 KiB at most", error);
}

bool
mvm_config_plist_set(const MvmContext *context, const char *name, const MvmConfigChange *change,
                     bool *ret_changed, GError **error)
{
    g_autoptr(MvmPlist) plist = NULL;
    g_autoptr(MvmOptions) none = mvm_options_new();
    g_autofree char *value = NULL;
    g_auto(MvmDefineResult) result = {0};
    MvmConfigEdit edit = {0};
    MvmDefineRequest request = {.name = name, .options = none, .edit = &edit, .must_exist = true};
    MvmPlistType type;

    if (!check_change(change, error) ||
        (plist = mvm_config_plist_load(context, name, error)) == NULL ||
        !find_type(change, plist, &type, error))
        return false;
    value = normalise(type, change->value);
    /* Tried here, where nothing is made of it. */
    if (!mvm_plist_set(plist, change->key, type, value, error))
        return false;
    edit = (MvmConfigEdit){(char *)change->key, (char *)mvm_plist_type_name(type), value};
    if (!mvm_define(context, &request, &result, error))
        return false;
    *ret_changed = result.changed;
    return true;
}
