/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/image-head.h"
#include "ops/images-priv.h"
#include "upstream/roles.h"
#include "util/error.h"
#include "util/file.h"
#include "util/words.h"

#include <unistd.h>

/* A disk that is given is looked at even where it is not needed: what is wrong with it would else
 * show when it is. */
static bool
check_given(const MvmImages *images, GError **error)
{
    const MvmImageRequest *request = images->request;
    uint8_t head[MVM_IMAGE_HEAD] = {0};
    MvmImageFormat format = MVM_IMAGE_RAW;
    mvm_autofd fd = -1;
    ssize_t got = 0;

    /* An update reads the EFI folder in it. */
    if (request->opencore == NULL || request->opencore_change != MVM_OPENCORE_KEEP)
        return true;
    fd = mvm_images_open_file(request->opencore, error);
    if (fd < 0)
        return false;
    got = pread(fd, head, sizeof head, 0);
    if (got < 0)
        return mvm_error_set_errno(error, "read", request->opencore);
    return mvm_image_head_check(head, (size_t)got, "use", request->opencore, &format, error);
}

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

static bool
refuse_foreign(const MvmImages *images, GError **error)
{
    g_autofree char *word = mvm_word_quote(images->machine->name);
    g_autofree char *hint = g_strdup_printf("edit EFI/OC/config.plist in it; or 'macvm opencore "
                                            "update %s' gives the machine a disk of its own, "
                                            "which macvm changes",
                                            word);

    return refuse_change(images, "macvm did not make it", hint, error);
}

/* Without an EFI folder the ready image does, unless more was asked for. */
static bool
fail_unless_asked(const MvmImages *images, GError *cause, GError **error)
{
    if (!images->request->opencore_asked &&
        g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND)) {
        g_error_free(cause);
        return true;
    }
    g_propagate_error(error, cause);
    return false;
}

/* Where there is no disk, or the image of somebody else is given for one, nothing is decided yet.
 */
static bool
decide_new(MvmImages *images, GError **error)
{
    GError *cause = NULL;

    if (images->request->opencore_change != MVM_OPENCORE_KEEP)
        return refuse_change(images, "there is none", "'macvm define' makes one", error);
    if (images->request->opencore != NULL)
        return !images->request->opencore_asked || refuse_foreign(images, error);
    images->opencore_build =
        mvm_opencore_find_source(NULL, &images->machine->opencore_from, &cause);
    return images->opencore_build || fail_unless_asked(images, cause, error);
}

/* Whether its config.plist can be read: who edits it in the guest may have broken it. */
static bool
is_whole(const MvmImages *images)
{
    g_autoptr(MvmPlist) plist =
        mvm_opencore_read(images->context, images->had[MVM_IMAGE_OPENCORE].path, NULL, NULL);

    return plist != NULL;
}

/* Another OpenCore, of which *ret_digest is none that the machine has now: to be made. */
static bool
decide_update(MvmImages *images, GError **error)
{
    const MvmHadImage *had = &images->had[MVM_IMAGE_OPENCORE];
    MvmMachine *machine = images->machine;
    g_autofree char *digest = NULL;

    if (!mvm_opencore_find_source(images->request->opencore, &digest, error))
        return false;
    if (g_strcmp0(digest, machine->opencore_from) == 0 && is_whole(images))
        return true;
    images->opencore_build = true;
    images->opencore_source =
        (MvmOpencoreSource){.volume = had->path, .update = true, .file = images->request->opencore};
    /* A disk that is broken is nothing to go back to. */
    if (g_strcmp0(digest, machine->opencore_from) == 0)
        return true;
    g_free(machine->opencore_previous);
    g_free(machine->opencore_previous_from);
    machine->opencore_previous = g_strdup(had->path);
    machine->opencore_previous_from = g_steal_pointer(&machine->opencore_from);
    machine->opencore_from = g_steal_pointer(&digest);
    return true;
}

/* The two change places. */
static bool
decide_rollback(MvmImages *images, GError **error)
{
    MvmMachine *machine = images->machine;
    char *from = machine->opencore_from;

    if (machine->opencore_previous == NULL)
        return refuse_change(images, "no older one is kept",
                             "'macvm opencore update' keeps the one that it replaces", error);
    images->opencore_build = true;
    images->opencore_previous = machine->opencore_previous;
    images->opencore_source = (MvmOpencoreSource){.volume = images->opencore_previous};
    machine->opencore_previous = g_strdup(images->had[MVM_IMAGE_OPENCORE].path);
    machine->opencore_from = machine->opencore_previous_from;
    machine->opencore_previous_from = from;
    return true;
}

/* Keys that were edited and are no more. */
static void
find_dropped(MvmImages *images)
{
    const GPtrArray *before = images->request->edits_before, *now = images->machine->config;

    for (guint i = 0; before != NULL && i < before->len; i++) {
        const MvmConfigEdit *edit = before->pdata[i];
        bool kept = false;

        for (guint k = 0; now != NULL && k < now->len && !kept; k++)
            kept = g_str_equal(((const MvmConfigEdit *)now->pdata[k])->key, edit->key);
        if (!kept)
            g_ptr_array_add(images->opencore_dropped, g_strdup(edit->key));
    }
}

/* What was not asked for can wait until the saved state is gone. */
static bool
keep_for_saved(const MvmImages *images, GError **error)
{
    return !images->request->opencore_asked ||
           mvm_images_check_saved(images, "change", "the OpenCore disk", error);
}

/* The disk that a machine has is somebody else's, or macvm's own. */
static bool
decide_again(MvmImages *images, const char *digest, GError **error)
{
    const MvmImageRequest *request = images->request;
    const char *made = request->opencore_made;

    if (request->saved && (request->opencore_change != MVM_OPENCORE_KEEP ||
                           (made != NULL && !g_str_equal(made, digest))))
        return keep_for_saved(images, error);
    if (request->opencore_change == MVM_OPENCORE_UPDATE)
        return decide_update(images, error);
    if (made == NULL)
        return !request->opencore_asked || refuse_foreign(images, error);
    if (request->opencore_change == MVM_OPENCORE_ROLLBACK)
        return decide_rollback(images, error);
    if (g_str_equal(made, digest))
        return true;
    find_dropped(images);
    images->opencore_build = true;
    images->opencore_source = (MvmOpencoreSource){.volume = images->had[MVM_IMAGE_OPENCORE].path,
                                                  .dropped = images->opencore_dropped};
    return true;
}

static bool
keep_replaced(const MvmImages *images, GError **error)
{
    const MvmHadImage *had = &images->had[MVM_IMAGE_OPENCORE];

    if (images->request->opencore_asked)
        return mvm_images_check_snapshot(images, MVM_IMAGE_OPENCORE, "change", "the OpenCore disk",
                                         error) &&
               refuse_change(images, "another one was put in its place",
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

/* The disk that the machine has stays until the domain names the new one. */
static bool
plan_build(MvmImages *images, const MvmVolume *volume, const char *digest, GError **error)
{
    MvmMachine *machine = images->machine;

    if (images->opencore_source.volume != NULL) {
        char *name = mvm_images_choose_opencore(images, error);

        if (name == NULL)
            return false;
        g_free(images->opencore_name);
        images->opencore_name = name;
        mvm_progress_note(images->context->progress, "the OpenCore disk %s made anew",
                          images->request->dry_run ? "would be" : "is");
    } else if (volume != NULL && !mvm_volume_check_unused(images->pool, images->opencore_name,
                                                          machine->name, "replace", error)) {
        return false;
    }
    g_free(machine->opencore_made);
    machine->opencore_made = g_strdup(digest);
    g_free(machine->opencore_path);
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

/* An image to begin with is not for a machine that has begun: that is told, not refused, so that
 * the same define can be repeated. */
static void
note_ignored_image(const MvmImages *images)
{
    const MvmImageRequest *request = images->request;
    g_autofree char *word = mvm_word_quote(images->machine->name);

    if (request->opencore == NULL || request->opencore_change != MVM_OPENCORE_KEEP ||
        images->had[MVM_IMAGE_OPENCORE].path == NULL)
        return;
    mvm_progress_note(images->context->progress,
                      "'%s' keeps the OpenCore disk that it has; 'macvm opencore --opencore FILE "
                      "update %s' brings another OpenCore",
                      images->machine->name, word);
}

bool
mvm_images_plan_opencore(MvmImages *images, GError **error)
{
    g_autofree char *digest = mvm_opencore_digest(images->machine);
    g_autoptr(MvmVolume) volume = NULL;

    images->opencore_clean = images->request->opencore_asked;
    if (!check_given(images, error))
        return false;
    if (mvm_images_is_replaced(images, MVM_IMAGE_OPENCORE)) {
        note_ignored_image(images);
        return keep_replaced(images, error);
    }
    images->opencore_name = mvm_images_name(images, MVM_IMAGE_OPENCORE);
    if (!mvm_images_find(images, images->opencore_name, &volume, error) ||
        !(volume != NULL && images->had[MVM_IMAGE_OPENCORE].path != NULL
              ? decide_again(images, digest, error)
              : decide_new(images, error)) ||
        (volume != NULL && !images->opencore_build &&
         !mvm_images_check_free(images, MVM_IMAGE_OPENCORE, images->opencore_name, error)))
        return false;
    if (images->opencore_build)
        return plan_build(images, volume, digest, error);
    if (volume == NULL)
        return plan_ready(images, error);
    note_ignored_image(images);
    use_volume(images->machine, volume);
    return true;
}

bool
mvm_images_build_opencore(MvmImages *images, GError **error)
{
    MvmMachine *machine = images->machine;

    if (!images->opencore_build)
        return true;
    if (!mvm_opencore_make(images->context, machine, &images->opencore_source,
                           &images->opencore_disk, error))
        return false;
    /* Edits may have found no place. */
    g_free(machine->opencore_made);
    machine->opencore_made = mvm_opencore_digest(machine);
    return true;
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
