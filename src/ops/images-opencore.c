/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/images-priv.h"
#include "upstream/roles.h"
#include "util/error.h"
#include "util/file.h"
#include "virt/definition.h"

/* The boot loader comes as an image: the user's own, or upstream's. NULL with neither, told by a
 * note. */
static char *
find_ready(const MvmImages *images)
{
    char *file = g_strdup(images->request->opencore);

    if (file != NULL)
        return file;
    file = mvm_upstream_find(NULL, MVM_UPSTREAM_OPENCORE_IMAGE, NULL);
    if (file == NULL)
        mvm_progress_note(images->context->progress,
                          "macOS will not start without OpenCore: run 'macvm bootstrap' and define "
                          "again, or give --opencore FILE");
    else
        mvm_progress_note(
            images->context->progress,
            "the checkout has no EFI folder: OpenCore's ready image is used, with the "
            "serial number that everybody has");
    return file;
}

static bool
refuse_change(const MvmImages *images, const char *cause, const char *hint, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot change the OpenCore disk of '%s': %s",
                images->machine->name, cause);
    mvm_error_set_hint(error, "%s", hint);
    return false;
}

/* Whether the disk in volume (NULL: there is none) is to be made by macvm. A disk that is somebody
 * else's stays; so does one of macvm's own that cannot be changed now, unless that was asked for.
 */
static bool
decide_build(MvmImages *images, const MvmVolume *volume, const char *digest, GError **error)
{
    const MvmImageRequest *request = images->request;
    bool known = images->had[MVM_IMAGE_OPENCORE].path != NULL;
    g_autoptr(GError) cause = NULL;

    if (request->opencore != NULL ||
        (volume != NULL && known && g_strcmp0(request->opencore_made, digest) == 0))
        return true;
    if (volume != NULL && known && request->opencore_made == NULL)
        return !request->opencore_asked ||
               refuse_change(images, "macvm did not make it",
                             "edit its EFI/OC/config.plist, or delete the volume with 'virsh "
                             "vol-delete' and set again",
                             error);
    if (volume != NULL && known &&
        mvm_definition_is_running(images->context->conn, images->machine->name))
        return !request->opencore_asked ||
               refuse_change(images, "the machine runs", "shut it down first: 'macvm down'", error);
    images->opencore_build = mvm_opencore_is_possible(&cause);
    if (images->opencore_build || !request->opencore_asked)
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

static bool
keep_replaced(const MvmImages *images, GError **error)
{
    const MvmHadImage *had = &images->had[MVM_IMAGE_OPENCORE];

    if (images->request->opencore_asked)
        return refuse_change(images, "another one was put in its place",
                             "edit EFI/OC/config.plist in that one", error);
    images->machine->opencore_path = g_strdup(had->path);
    images->machine->opencore_format = g_strdup(had->format);
    return true;
}

static void
use_volume(MvmMachine *machine, const MvmVolume *volume)
{
    g_free(machine->opencore_path);
    g_free(machine->opencore_format);
    machine->opencore_path = g_strdup(volume->path);
    machine->opencore_format = g_strdup(g_str_equal(volume->format, "qcow2") ? "qcow2" : "raw");
}

/* A copied machine may share the disk of the one that it was copied from. */
static bool
plan_build(MvmImages *images, const MvmVolume *volume, const char *digest, GError **error)
{
    MvmMachine *machine = images->machine;

    if (volume != NULL && !mvm_volume_check_unused(images->pool, images->opencore_name,
                                                   machine->name, "replace", error))
        return false;
    if (volume != NULL)
        mvm_progress_note(images->context->progress, "the OpenCore disk %s made anew",
                          images->request->dry_run ? "would be" : "is");
    g_free(machine->opencore_made);
    machine->opencore_made = g_strdup(digest);
    if (volume != NULL)
        use_volume(machine, volume);
    else
        machine->opencore_path = mvm_images_path(images, images->opencore_name);
    return true;
}

/* There is none, and none can be built. */
static bool
plan_ready(MvmImages *images, GError **error)
{
    g_autofree char *file = NULL;

    g_clear_pointer(&images->machine->opencore_made, g_free);
    file = find_ready(images);
    if (file == NULL)
        return true;
    images->opencore_fd = mvm_images_open_file(file, error);
    images->machine->opencore_path = mvm_images_path(images, images->opencore_name);
    return images->opencore_fd >= 0;
}

bool
mvm_images_plan_opencore(MvmImages *images, GError **error)
{
    g_autofree char *digest = mvm_opencore_digest(images->machine);
    g_autoptr(MvmVolume) volume = NULL;

    if (mvm_images_is_replaced(images, MVM_IMAGE_OPENCORE))
        return keep_replaced(images, error);
    images->opencore_name = mvm_images_name(images, MVM_IMAGE_OPENCORE);
    if (!mvm_images_find(images, images->opencore_name, &volume, error) ||
        !decide_build(images, volume, digest, error) ||
        (volume != NULL && !images->opencore_build &&
         !mvm_images_check_free(images, MVM_IMAGE_OPENCORE, images->opencore_name, error)))
        return false;
    if (images->opencore_build)
        return plan_build(images, volume, digest, error);
    if (volume == NULL)
        return plan_ready(images, error);
    use_volume(images->machine, volume);
    return true;
}

bool
mvm_images_build_opencore(MvmImages *images, GError **error)
{
    return !images->opencore_build ||
           mvm_opencore_make(images->machine, &images->opencore_disk, error);
}

bool
mvm_images_make_opencore(MvmImages *images, GError **error)
{
    g_autoptr(MvmVolume) volume = NULL;

    if (images->opencore_build && images->opencore_fd < 0) {
        images->opencore_fd = mvm_images_open_file(images->opencore_disk.path, error);
        if (images->opencore_fd < 0)
            return false;
    }
    if (images->opencore_fd < 0)
        return true;
    volume = mvm_images_upload(images, images->opencore_fd, images->opencore_name,
                               images->opencore_build, error);
    if (volume != NULL)
        use_volume(images->machine, volume);
    return volume != NULL;
}
