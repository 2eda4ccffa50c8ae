/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/images.h"

#include "ops/images-priv.h"
#include "util/error.h"
#include "util/file.h"
#include "virt/upload.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* --- names ------------------------------------------------------------------------------------ */

const char *
mvm_image_ending(MvmImage image)
{
    static const char *const endings[MVM_IMAGE_COUNT] = {"-opencore.qcow2", "-recovery.qcow2",
                                                         ".qcow2"};

    return endings[image];
}

char *
mvm_image_beside(const char *system_path, MvmImage image)
{
    g_autofree char *name = system_path != NULL ? g_path_get_basename(system_path) : NULL;
    const char *ending = mvm_image_ending(MVM_IMAGE_SYSTEM);

    if (name == NULL || !g_str_has_suffix(name, ending))
        return NULL;
    name[strlen(name) - strlen(ending)] = '\0';
    return g_strconcat(name, mvm_image_ending(image), NULL);
}

MvmImage
mvm_image_of_path(const char *path)
{
    g_autofree char *name = g_path_get_basename(path);

    if (!g_str_has_suffix(name, ".qcow2"))
        return MVM_IMAGE_COUNT;
    if (strstr(name, "-opencore") != NULL)
        return MVM_IMAGE_OPENCORE;
    return strstr(name, "-recovery") != NULL ? MVM_IMAGE_RECOVERY : MVM_IMAGE_SYSTEM;
}

bool
mvm_image_is_media(const char *name)
{
    return g_str_has_prefix(name, "recovery-") && g_str_has_suffix(name, ".img");
}

char *
mvm_images_path(const MvmImages *images, const char *name)
{
    return g_build_filename(images->dir, name, NULL);
}

char *
mvm_images_name(const MvmImages *images, MvmImage image)
{
    const MvmHadImage *had = &images->had[image];

    return had->path != NULL ? g_path_get_basename(had->path)
                             : g_strconcat(images->machine->name, mvm_image_ending(image), NULL);
}

bool
mvm_images_is_replaced(const MvmImages *images, MvmImage image)
{
    return images->had[image].path != NULL && !images->had[image].attached;
}

/* Without the last rendering, what is in an image's place is macvm's when it is where macvm puts
 * such an image, and called so; anything else was put in the place of the usual one. */
static void
settle(const MvmImages *images, MvmImage image)
{
    MvmHadImage *had = &images->had[image];
    g_autofree char *dir = had->path == NULL ? NULL : g_path_get_dirname(had->path);
    g_autofree char *usual = NULL;

    if (!had->guessed || had->path == NULL ||
        (g_str_equal(dir, images->dir) && mvm_image_of_path(had->path) == image))
        return;
    usual = g_strconcat(images->machine->name, mvm_image_ending(image), NULL);
    g_free(had->path);
    had->path = mvm_images_path(images, usual);
    had->attached = false;
    had->replaced = true;
}

/* --- volumes ---------------------------------------------------------------------------------- */

bool
mvm_images_find(const MvmImages *images, const char *name, MvmVolume **ret_volume, GError **error)
{
    g_autoptr(GError) cause = NULL;

    *ret_volume = NULL;
    if (images->pool == NULL)
        return true;
    *ret_volume = mvm_volume_lookup(images->pool, name, &cause);
    if (*ret_volume != NULL || g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND))
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

bool
mvm_images_check_free(const MvmImages *images, MvmImage image, const char *name, GError **error)
{
    return images->had[image].path != NULL ||
           mvm_volume_check_unused(images->pool, name, images->machine->name, "use", error);
}

int
mvm_images_open_file(const char *file, GError **error)
{
    /* O_NONBLOCK: to open a FIFO would wait for somebody who writes. */
    mvm_autofd fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0) {
        mvm_error_set_errno(error, "read", file);
        return -1;
    }
    if (!S_ISREG(st.st_mode)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot use '%s': not a regular file", file);
        return -1;
    }
    return mvm_steal_fd(&fd);
}

MvmVolume *
mvm_images_upload(MvmImages *images, int fd, const char *name, bool replace, GError **error)
{
    MvmUploadTarget target = {.name = name, .machine = images->machine->name, .replace = replace};
    g_autoptr(MvmVolume) before = NULL;
    MvmVolume *volume = NULL;

    if (!mvm_images_find(images, name, &before, error))
        return NULL;
    volume = mvm_upload_file(images->pool, &target, fd, images->context->progress, error);
    if (volume != NULL && before == NULL)
        g_ptr_array_add(images->made, g_strdup(name));
    return volume;
}

/* --- the whole -------------------------------------------------------------------------------- */

MvmImages *
mvm_images_plan(const MvmContext *context, const MvmImageRequest *request, MvmMachine *machine,
                GError **error)
{
    g_autoptr(MvmImages) images = g_new0(MvmImages, 1);

    *images = (MvmImages){.context = context,
                          .request = request,
                          .machine = machine,
                          .made = g_ptr_array_new_with_free_func(g_free),
                          .opencore_dropped = g_ptr_array_new_with_free_func(g_free),
                          .code.fd = -1,
                          .vars.fd = -1,
                          .opencore_fd = -1};
    images->had = request->had != NULL ? request->had : images->none;
    if (!mvm_images_open_pool(images, error))
        return NULL;
    if (images->unseen && request->exists) {
        mvm_images_assume(images);
        return g_steal_pointer(&images);
    }
    for (int i = 0; i < MVM_IMAGE_COUNT; i++)
        settle(images, (MvmImage)i);
    if (!mvm_images_follow_pool(images, error) || !mvm_images_plan_firmware(images, error) ||
        !mvm_images_plan_opencore(images, error) || !mvm_images_plan_recovery(images, error) ||
        !mvm_images_plan_system(images, error))
        return NULL;
    return g_steal_pointer(&images);
}

void
mvm_images_free(MvmImages *images)
{
    if (images == NULL)
        return;
    mvm_pool_free(images->pool);
    g_free(images->dir);
    g_ptr_array_unref(images->made);
    g_free(images->code.name);
    mvm_close_fd(&images->code.fd);
    g_free(images->vars.name);
    mvm_close_fd(&images->vars.fd);
    g_free(images->opencore_name);
    g_free(images->opencore_previous);
    g_ptr_array_unref(images->opencore_dropped);
    mvm_close_fd(&images->opencore_fd);
    mvm_opencore_disk_clear(&images->opencore_disk);
    g_free(images->recovery_name);
    mvm_volume_free(images->recovery);
    g_free(images->system_name);
    g_free(images);
}

bool
mvm_images_is_needed(const MvmImages *images)
{
    return images->code.fd >= 0 || images->vars.fd >= 0 || images->opencore_build ||
           images->opencore_fd >= 0 || images->recovery != NULL || images->system_create ||
           images->system_grow;
}

bool
mvm_images_make(MvmImages *images, GError **error)
{
    if (!mvm_images_build_opencore(images, error))
        return false;
    if (images->pool == NULL) {
        images->pool = mvm_pool_ensure(images->context->conn, images->request->pool, error);
        if (images->pool == NULL)
            return false;
    }
    return mvm_images_make_firmware(images, error) && mvm_images_make_opencore(images, error) &&
           mvm_images_make_recovery(images, error) && mvm_images_make_system(images, error);
}

void
mvm_images_undo(MvmImages *images)
{
    for (guint i = images->made->len; i-- > 0;)
        (void)mvm_volume_delete(images->pool, images->made->pdata[i], NULL, NULL);
}
