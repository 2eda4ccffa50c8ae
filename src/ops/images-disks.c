/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The firmware that upstream brings, the recovery's overlay, and the system disk. */
#include "ops/images-priv.h"
#include "upstream/roles.h"
#include "util/error.h"
#include "util/file.h"
#include "util/size.h"
#include "util/words.h"

/* --- firmware --------------------------------------------------------------------------------- */

static bool
plan_file(MvmImages *images, const char *path, MvmImageFile *file, char **ret_path, GError **error)
{
    g_autoptr(MvmVolume) volume = NULL;

    file->name = g_path_get_basename(path);
    if (!mvm_images_find(images, file->name, &volume, error))
        return false;
    if (volume == NULL && (file->fd = mvm_images_open_file(path, error)) < 0)
        return false;
    g_free(*ret_path);
    *ret_path = volume != NULL ? g_strdup(volume->path) : mvm_images_path(images, file->name);
    return true;
}

/* Upstream's goes into the pool under its own name: machines share it. */
bool
mvm_images_plan_firmware(MvmImages *images, GError **error)
{
    g_autofree char *code = NULL, *vars = NULL;

    if (g_strcmp0(images->request->firmware, "upstream") != 0)
        return true;
    return mvm_upstream_find_firmware(NULL, &code, &vars, error) &&
           plan_file(images, code, &images->code, &images->machine->loader, error) &&
           plan_file(images, vars, &images->vars, &images->machine->nvram_template, error);
}

static bool
make_file(MvmImages *images, const MvmImageFile *file, char **ret_path, GError **error)
{
    g_autoptr(MvmVolume) volume = NULL;

    if (file->fd < 0)
        return true;
    volume = mvm_images_upload(images, file->fd, file->name, false, error);
    if (volume == NULL)
        return false;
    g_free(*ret_path);
    *ret_path = g_strdup(volume->path);
    return true;
}

bool
mvm_images_make_firmware(MvmImages *images, GError **error)
{
    return make_file(images, &images->code, &images->machine->loader, error) &&
           make_file(images, &images->vars, &images->machine->nvram_template, error);
}

/* --- recovery --------------------------------------------------------------------------------- */

/* No recovery disk; one that the user put in its place is not ours to take away. */
static bool
leave_recovery_out(MvmImages *images, GError **error)
{
    const MvmHadImage *had = &images->had[MVM_IMAGE_RECOVERY];
    const char *name = images->machine->name;
    g_autofree char *word = mvm_word_quote(name);

    if (!had->replaced)
        return true;
    if (!images->request->recovery_asked) {
        images->machine->recovery_path = g_strdup(had->path);
        return true;
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot take the recovery disk out of '%s': another one was put in its place",
                name);
    mvm_error_set_hint(error, "'virsh detach-disk %s sdb --config' takes that one out", word);
    return false;
}

bool
mvm_images_plan_recovery(MvmImages *images, GError **error)
{
    g_autofree char *base_name = g_strdup_printf("recovery-%s.img", images->machine->os->id);
    g_autoptr(MvmVolume) base = NULL;
    g_autoptr(MvmVolume) overlay = NULL;
    bool fits = false;

    if (images->machine->finished)
        return leave_recovery_out(images, error);
    if (!mvm_images_find(images, base_name, &base, error))
        return false;
    if (base == NULL)
        return true;
    if (mvm_images_is_replaced(images, MVM_IMAGE_RECOVERY)) {
        images->machine->recovery_path = g_strdup(images->had[MVM_IMAGE_RECOVERY].path);
        return true;
    }
    images->recovery_name = mvm_images_name(images, MVM_IMAGE_RECOVERY);
    if (!mvm_images_find(images, images->recovery_name, &overlay, error))
        return false;
    /* One over another version's recovery holds nothing that anybody would miss. */
    fits = overlay != NULL && g_strcmp0(overlay->backing, base->path) == 0;
    images->recovery_replace = overlay != NULL && !fits;
    if (images->recovery_replace &&
        (!mvm_images_check_saved(images, "replace", "the recovery disk", error) ||
         !mvm_volume_check_unused(images->pool, images->recovery_name, images->machine->name,
                                  "replace", error)))
        return false;
    images->machine->recovery_path =
        overlay != NULL ? g_strdup(overlay->path) : mvm_images_path(images, images->recovery_name);
    if (!fits)
        images->recovery = g_steal_pointer(&base);
    return true;
}

bool
mvm_images_make_recovery(MvmImages *images, GError **error)
{
    g_autoptr(MvmVolume) overlay = NULL;

    if (images->recovery == NULL)
        return true;
    if (images->recovery_replace &&
        !mvm_volume_delete(images->pool, images->recovery_name, images->machine->name, error))
        return false;
    overlay =
        mvm_volume_create_overlay(images->pool, images->recovery_name, images->recovery, error);
    if (overlay == NULL)
        return false;
    if (!images->recovery_replace)
        g_ptr_array_add(images->made, g_strdup(images->recovery_name));
    g_free(images->machine->recovery_path);
    images->machine->recovery_path = g_strdup(overlay->path);
    return true;
}

/* --- the system disk -------------------------------------------------------------------------- */

static bool
keep_replaced(MvmImages *images, GError **error)
{
    if (images->request->resize) {
        if (!mvm_images_check_snapshot(images, MVM_IMAGE_SYSTEM, "resize", "the system disk",
                                       error))
            return false;
        g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                    "cannot resize the system disk of '%s': it is not the one that macvm made",
                    images->machine->name);
        mvm_error_set_hint(error, "'virsh vol-resize' resizes any");
        return false;
    }
    images->machine->system_path = g_strdup(images->had[MVM_IMAGE_SYSTEM].path);
    return true;
}

/* A copied machine may share the disk of the one that it was copied from. */
static bool
plan_growth(MvmImages *images, const MvmVolume *volume, GError **error)
{
    uint64_t size = images->machine->disk_size;

    images->system_grow = images->request->resize && size != volume->capacity;
    return !images->system_grow ||
           (mvm_images_check_saved(images, "resize", "the system disk", error) &&
            mvm_volume_check_resize(images->pool, volume, size, error) &&
            mvm_volume_check_unused(images->pool, volume->name, images->machine->name, "resize",
                                    error));
}

static bool
use_volume(MvmImages *images, const MvmVolume *volume, GError **error)
{
    g_autofree char *size = mvm_size_format(volume->capacity);

    if (!mvm_images_check_free(images, MVM_IMAGE_SYSTEM, volume->name, error))
        return false;
    if (!g_str_equal(volume->format, "qcow2")) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                    "cannot use volume '%s' as the system disk: it is %s, not qcow2", volume->name,
                    *volume->format != '\0' ? volume->format : "of an unknown format");
        mvm_error_set_hint(error, "choose another name for the machine, or another pool");
        return false;
    }
    images->machine->system_path = g_strdup(volume->path);
    if (images->had[MVM_IMAGE_SYSTEM].path == NULL)
        mvm_progress_note(images->context->progress, "using the system disk that is there: %s, %s",
                          volume->name, size);
    return plan_growth(images, volume, error);
}

/* Whatever the reason is that it is not found, its place is not taken by a blank one. */
static bool
refuse_missing(const MvmImages *images, GError **error)
{
    const char *name = images->machine->name;
    g_autofree char *path = mvm_images_path(images, images->system_name);
    g_autofree char *word = mvm_word_quote(name);

    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot find the system disk of '%s': there is no volume '%s'", name, path);
    mvm_error_set_hint(error,
                       "is its drive mounted, or was the file moved or renamed? 'macvm set %s "
                       "--new-disk' gives the machine a new, empty disk",
                       word);
    return false;
}

bool
mvm_images_plan_system(MvmImages *images, GError **error)
{
    g_autoptr(MvmVolume) volume = NULL;

    if (mvm_images_is_replaced(images, MVM_IMAGE_SYSTEM))
        return keep_replaced(images, error);
    images->system_name = mvm_images_name(images, MVM_IMAGE_SYSTEM);
    if (!mvm_images_find(images, images->system_name, &volume, error))
        return false;
    if (volume != NULL)
        return use_volume(images, volume, error);
    if (images->request->exists && !images->request->new_disk)
        return refuse_missing(images, error);
    if (images->request->exists &&
        !mvm_images_check_saved(images, "replace", "the system disk", error))
        return false;
    images->system_create = true;
    images->machine->system_path = mvm_images_path(images, images->system_name);
    return true;
}

bool
mvm_images_make_system(MvmImages *images, GError **error)
{
    uint64_t size = images->machine->disk_size;
    g_autoptr(MvmVolume) volume = NULL;

    if (images->system_grow)
        return mvm_volume_resize(images->pool, images->system_name, size, error);
    if (!images->system_create)
        return true;
    volume = mvm_volume_create_qcow2(images->pool, images->system_name, size, error);
    if (volume == NULL)
        return false;
    g_ptr_array_add(images->made, g_strdup(images->system_name));
    g_free(images->machine->system_path);
    images->machine->system_path = g_strdup(volume->path);
    return true;
}
