/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/images.h"

#include "ops/opencore.h"
#include "upstream/roles.h"
#include "util/error.h"
#include "util/file.h"
#include "util/size.h"
#include "virt/definition.h"
#include "virt/upload.h"
#include "virt/volume.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
    const MvmContext *context;
    const MvmImageRequest *request;
    MvmMachine *machine;
    MvmPool *pool; /* NULL in a dry run before the pool exists */
    const char *dir;
} Work;

const char *
mvm_image_ending(MvmImage image)
{
    static const char *const endings[MVM_IMAGE_COUNT] = {"-opencore.qcow2", "-recovery.qcow2",
                                                         ".qcow2"};

    return endings[image];
}

static char *
path_of(const Work *work, const char *name)
{
    return g_build_filename(work->dir, name, NULL);
}

/* The finished volume called name; NULL when there is none. Fails on anything else. */
static bool
find(const Work *work, const char *name, MvmVolume **ret_volume, GError **error)
{
    g_autoptr(GError) cause = NULL;

    *ret_volume = NULL;
    if (work->pool == NULL)
        return true;
    *ret_volume = mvm_volume_lookup(work->pool, name, &cause);
    if (*ret_volume != NULL || g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND))
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

/* The name of the volume that had is in, or the one that a new machine's image gets. */
static char *
name_of(const Work *work, const MvmHadImage *had, MvmImage image)
{
    return had->path != NULL ? g_path_get_basename(had->path)
                             : g_strconcat(work->machine->name, mvm_image_ending(image), NULL);
}

/* The user took it away, or put something else in its place: that is not touched. */
static bool
is_replaced(const MvmHadImage *had)
{
    return had->path != NULL && !had->attached;
}

/* Uploads the local file as volume name; replace: in the place of one that may be there. */
static MvmVolume *
upload(const Work *work, const char *file, const char *name, bool replace, GError **error)
{
    MvmUploadTarget target = {.name = name, .machine = work->machine->name, .replace = replace};
    /* O_NONBLOCK: to open a FIFO would wait for somebody who writes. */
    mvm_autofd fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0) {
        mvm_error_set_errno(error, "read", file);
        return NULL;
    }
    if (!S_ISREG(st.st_mode)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot use '%s': not a regular file", file);
        return NULL;
    }
    return mvm_upload_file(work->pool, &target, fd, work->context->progress, error);
}

/* The path of volume name, uploaded from the local file when it is not there yet. */
static bool
ensure_uploaded(const Work *work, const char *file, const char *name, char **ret_path,
                GError **error)
{
    g_autoptr(MvmVolume) volume = NULL;

    if (!find(work, name, &volume, error))
        return false;
    if (volume == NULL && !work->request->dry_run) {
        volume = upload(work, file, name, false, error);
        if (volume == NULL)
            return false;
    }
    *ret_path = volume != NULL ? g_strdup(volume->path) : path_of(work, name);
    return true;
}

/* A volume of this name may be left from an older machine, but not be in use by another. What a
 * machine has already is its own affair. */
static bool
check_free(const Work *work, const MvmHadImage *had, const char *name, GError **error)
{
    return had->path != NULL ||
           mvm_volume_check_unused(work->pool, name, work->machine->name, "use", error);
}

static const char *
format_or_raw(const MvmVolume *volume)
{
    return g_str_equal(volume->format, "qcow2") ? "qcow2" : "raw";
}

/* The boot loader comes as an image: the user's own, or upstream's. NULL with neither, told by a
 * note. */
static char *
find_ready_opencore(const Work *work)
{
    char *file = g_strdup(work->request->opencore);

    if (file != NULL)
        return file;
    file = mvm_upstream_find(NULL, MVM_UPSTREAM_OPENCORE_IMAGE, NULL);
    if (file == NULL)
        mvm_progress_note(work->context->progress,
                          "macOS will not start without OpenCore: run 'macvm bootstrap' and define "
                          "again, or give --opencore FILE");
    else
        mvm_progress_note(
            work->context->progress,
            "the checkout has no EFI folder: OpenCore's ready image is used, with the "
            "serial number that everybody has");
    return file;
}

static bool
refuse_change(const Work *work, const char *cause, const char *hint, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot change the OpenCore disk of '%s': %s",
                work->machine->name, cause);
    mvm_error_set_hint(error, "%s", hint);
    return false;
}

/* Whether the disk in volume (NULL: there is none) is to be made by macvm. A disk that is somebody
 * else's stays; so does one of macvm's own that cannot be changed now, unless that was asked for.
 */
static bool
decide_make(const Work *work, const MvmVolume *volume, const char *digest, bool *ret_make,
            GError **error)
{
    const MvmImageRequest *request = work->request;
    bool known = request->had_opencore->path != NULL;
    g_autoptr(GError) cause = NULL;

    *ret_make = false;
    if (request->opencore != NULL ||
        (volume != NULL && known && g_strcmp0(request->opencore_made, digest) == 0))
        return true;
    if (volume != NULL && known && request->opencore_made == NULL)
        return !request->opencore_asked ||
               refuse_change(work, "macvm did not make it",
                             "edit its EFI/OC/config.plist, or delete the volume with 'virsh "
                             "vol-delete' and set again",
                             error);
    if (volume != NULL && known &&
        mvm_definition_is_running(work->context->conn, work->machine->name))
        return !request->opencore_asked ||
               refuse_change(work, "the machine runs", "shut it down first: 'macvm down'", error);
    *ret_make = mvm_opencore_is_possible(&cause);
    if (*ret_make || !request->opencore_asked)
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

static bool
make_opencore(const Work *work, const char *name, const char *digest, MvmVolume **volume,
              GError **error)
{
    g_auto(MvmOpencoreDisk) disk = {0};

    if (*volume != NULL)
        mvm_progress_note(work->context->progress, "the OpenCore disk %s made anew",
                          work->request->dry_run ? "would be" : "is");
    g_free(work->machine->opencore_made);
    work->machine->opencore_made = g_strdup(digest);
    if (work->request->dry_run)
        return true;
    g_clear_pointer(volume, mvm_volume_free);
    if (!mvm_opencore_make(work->machine, &disk, error))
        return false;
    *volume = upload(work, disk.path, name, true, error);
    return *volume != NULL;
}

static bool
prepare_opencore(const Work *work, GError **error)
{
    const MvmHadImage *had = work->request->had_opencore;
    g_autofree char *name = name_of(work, had, MVM_IMAGE_OPENCORE);
    g_autofree char *digest = mvm_opencore_digest(work->machine);
    g_autofree char *file = NULL;
    g_autoptr(MvmVolume) volume = NULL;
    bool make = false;

    if (is_replaced(had)) {
        if (work->request->opencore_asked)
            return refuse_change(work, "another one was put in its place",
                                 "edit EFI/OC/config.plist in that one", error);
        work->machine->opencore_path = g_strdup(had->path);
        work->machine->opencore_format = g_strdup(had->format);
        return true;
    }
    if (!find(work, name, &volume, error) || !decide_make(work, volume, digest, &make, error))
        return false;
    if (make && !make_opencore(work, name, digest, &volume, error))
        return false;
    if (!make && volume == NULL) {
        g_clear_pointer(&work->machine->opencore_made, g_free);
        file = find_ready_opencore(work);
        if (file == NULL)
            return true;
    }
    if (volume == NULL && work->request->dry_run) {
        work->machine->opencore_path = path_of(work, name);
        return true;
    }
    if (volume == NULL)
        volume = upload(work, file, name, false, error);
    if (volume == NULL || !check_free(work, had, name, error))
        return false;
    work->machine->opencore_path = g_strdup(volume->path);
    work->machine->opencore_format = g_strdup(format_or_raw(volume));
    return true;
}

static bool
prepare_recovery(const Work *work, GError **error)
{
    g_autofree char *base_name = g_strdup_printf("recovery-%s.img", work->machine->os->id);
    const MvmHadImage *had = work->request->had_recovery;
    g_autofree char *name = name_of(work, had, MVM_IMAGE_RECOVERY);
    g_autoptr(MvmVolume) base = NULL;
    g_autoptr(MvmVolume) overlay = NULL;

    if (!find(work, base_name, &base, error))
        return false;
    if (base == NULL)
        return true;
    if (is_replaced(had)) {
        work->machine->recovery_path = g_strdup(had->path);
        return true;
    }
    if (!find(work, name, &overlay, error))
        return false;
    /* One over another version's recovery holds nothing that anybody would miss. */
    if (overlay != NULL && g_strcmp0(overlay->backing, base->path) != 0 &&
        !work->request->dry_run) {
        if (!mvm_volume_delete(work->pool, name, work->machine->name, error))
            return false;
        g_clear_pointer(&overlay, mvm_volume_free);
    }
    if (overlay == NULL && !work->request->dry_run) {
        overlay = mvm_volume_create_overlay(work->pool, name, base, error);
        if (overlay == NULL)
            return false;
    }
    work->machine->recovery_path = overlay != NULL ? g_strdup(overlay->path) : path_of(work, name);
    return true;
}

static bool
use_system_disk(const Work *work, const char *name, const MvmVolume *volume, GError **error)
{
    const MvmHadImage *had = work->request->had_system;
    g_autofree char *size = mvm_size_format(volume->capacity);

    if (!check_free(work, had, name, error))
        return false;
    if (!g_str_equal(volume->format, "qcow2")) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                    "cannot use volume '%s' as the system disk: it is %s, not qcow2", name,
                    *volume->format != '\0' ? volume->format : "of an unknown format");
        mvm_error_set_hint(error, "choose another name for the machine, or another pool");
        return false;
    }
    if (had->path != NULL)
        return true;
    mvm_progress_note(work->context->progress, "using the system disk that is there: %s, %s", name,
                      size);
    return true;
}

static bool
grow_system_disk(const Work *work, const char *name, GError **error)
{
    return !work->request->resize ||
           mvm_volume_resize(work->pool, name, work->machine->disk_size, error);
}

static bool
keep_replaced_system(const Work *work, GError **error)
{
    if (work->request->resize) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                    "cannot resize the system disk of '%s': it is not the one that macvm made",
                    work->machine->name);
        mvm_error_set_hint(error, "'virsh vol-resize' resizes any");
        return false;
    }
    work->machine->system_path = g_strdup(work->request->had_system->path);
    return true;
}

static bool
prepare_system(const Work *work, GError **error)
{
    const MvmHadImage *had = work->request->had_system;
    g_autofree char *name = name_of(work, had, MVM_IMAGE_SYSTEM);
    g_autoptr(MvmVolume) volume = NULL;

    if (is_replaced(had))
        return keep_replaced_system(work, error);
    if (!find(work, name, &volume, error))
        return false;
    if (volume == NULL && had->path != NULL)
        mvm_progress_note(work->context->progress,
                          "the system disk '%s' is gone: the machine gets a new, empty one", name);
    if (volume == NULL && !work->request->dry_run) {
        volume = mvm_volume_create_qcow2(work->pool, name, work->machine->disk_size, error);
        if (volume == NULL)
            return false;
    } else if (volume != NULL && !work->request->dry_run) {
        if (!use_system_disk(work, name, volume, error) || !grow_system_disk(work, name, error))
            return false;
    }
    work->machine->system_path = volume != NULL ? g_strdup(volume->path) : path_of(work, name);
    return true;
}

/* Upstream's firmware goes into the pool under its own name: machines share it. */
static bool
prepare_firmware(const Work *work, GError **error)
{
    g_autofree char *code = NULL, *vars = NULL, *code_name = NULL, *vars_name = NULL;

    if (g_strcmp0(work->request->firmware, "upstream") != 0)
        return true;
    if (!mvm_upstream_find_firmware(NULL, &code, &vars, error))
        return false;
    code_name = g_path_get_basename(code);
    vars_name = g_path_get_basename(vars);
    g_clear_pointer(&work->machine->loader, g_free);
    g_clear_pointer(&work->machine->nvram_template, g_free);
    return ensure_uploaded(work, code, code_name, &work->machine->loader, error) &&
           ensure_uploaded(work, vars, vars_name, &work->machine->nvram_template, error);
}

/* In another pool a machine would find new, empty disks instead of its own. */
static bool
check_same_pool(const Work *work, GError **error)
{
    const MvmHadImage *had = work->request->had_system;
    g_autofree char *dir = had->path != NULL ? g_path_get_dirname(had->path) : NULL;

    if (dir == NULL || !had->attached || g_str_equal(dir, work->dir))
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot use pool '%s' for '%s': its images are in '%s'",
                work->request->pool != NULL ? work->request->pool : MVM_POOL_DEFAULT,
                work->machine->name, dir);
    mvm_error_set_hint(error, "a machine keeps the pool that it was defined with");
    return false;
}

bool
mvm_images_prepare(const MvmContext *context, const MvmImageRequest *request, MvmMachine *machine,
                   GError **error)
{
    g_autoptr(MvmPool) pool = NULL;
    g_autoptr(GError) cause = NULL;
    g_autofree char *dir = NULL;
    Work work = {.context = context, .request = request, .machine = machine};

    pool = request->dry_run ? mvm_pool_open(context->conn, request->pool, &cause)
                            : mvm_pool_ensure(context->conn, request->pool, &cause);
    if (pool == NULL && !(request->dry_run && request->pool == NULL &&
                          g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND))) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    dir = pool != NULL ? g_strdup(mvm_pool_get_path(pool))
                       : mvm_pool_default_path(context->conn, error);
    if (dir == NULL)
        return false;
    work.pool = pool;
    work.dir = dir;
    return check_same_pool(&work, error) && prepare_firmware(&work, error) &&
           prepare_opencore(&work, error) && prepare_recovery(&work, error) &&
           prepare_system(&work, error);
}
