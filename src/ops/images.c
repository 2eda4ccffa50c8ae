/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/images.h"

#include "upstream/roles.h"
#include "util/error.h"
#include "util/file.h"
#include "util/size.h"
#include "virt/upload.h"
#include "virt/volume.h"

#include <fcntl.h>
#include <string.h>

typedef struct {
    const MvmContext *context;
    const MvmImageRequest *request;
    MvmMachine *machine;
    MvmPool *pool; /* NULL in a dry run before the pool exists */
    const char *dir;
} Work;

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

/* Uploads the local file as volume name. */
static MvmVolume *
upload(const Work *work, const char *file, const char *name, GError **error)
{
    MvmUploadTarget target = {.name = name, .machine = work->machine->name};
    mvm_autofd fd = open(file, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        mvm_error_set_errno(error, "read", file);
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
        volume = upload(work, file, name, error);
        if (volume == NULL)
            return false;
    }
    *ret_path = volume != NULL ? g_strdup(volume->path) : path_of(work, name);
    return true;
}

/* For a new machine: a volume of this name may be left from an older one, but not be in use by
 * another. What a machine has already is its own affair. */
static bool
check_free(const Work *work, const char *name, GError **error)
{
    return work->request->known ||
           mvm_volume_check_unused(work->pool, name, work->machine->name, "use", error);
}

static const char *
format_or_raw(const MvmVolume *volume)
{
    return g_str_equal(volume->format, "qcow2") ? "qcow2" : "raw";
}

static bool
prepare_opencore(const Work *work, GError **error)
{
    g_autofree char *name = g_strconcat(work->machine->name, "-opencore.qcow2", NULL);
    g_autofree char *file = g_strdup(work->request->opencore);
    g_autoptr(MvmVolume) volume = NULL;

    if (!find(work, name, &volume, error))
        return false;
    if (volume == NULL && file == NULL)
        file = mvm_upstream_find(NULL, MVM_UPSTREAM_OPENCORE_IMAGE, NULL);
    if (volume == NULL && file == NULL) {
        mvm_progress_note(work->context->progress,
                          "macOS will not start without OpenCore: run 'macvm bootstrap' and define "
                          "again, or give --opencore FILE");
        return true;
    }
    if (volume == NULL && work->request->dry_run) {
        work->machine->opencore_path = path_of(work, name);
        return true;
    }
    if (volume == NULL)
        volume = upload(work, file, name, error);
    if (volume == NULL || !check_free(work, name, error))
        return false;
    work->machine->opencore_path = g_strdup(volume->path);
    work->machine->opencore_format = g_strdup(format_or_raw(volume));
    return true;
}

static bool
prepare_recovery(const Work *work, GError **error)
{
    g_autofree char *base_name = g_strdup_printf("recovery-%s.img", work->machine->os->id);
    g_autofree char *name = g_strconcat(work->machine->name, "-recovery.qcow2", NULL);
    g_autoptr(MvmVolume) base = NULL;
    g_autoptr(MvmVolume) overlay = NULL;

    if (!find(work, base_name, &base, error))
        return false;
    if (base == NULL)
        return true;
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
    g_autofree char *size = mvm_size_format(volume->capacity);

    if (!check_free(work, name, error))
        return false;
    if (!g_str_equal(volume->format, "qcow2")) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                    "cannot use volume '%s' as the system disk: it is %s, not qcow2", name,
                    *volume->format != '\0' ? volume->format : "of an unknown format");
        mvm_error_set_hint(error, "choose another name for the machine, or another pool");
        return false;
    }
    if (work->request->known)
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
prepare_system(const Work *work, GError **error)
{
    g_autofree char *name = g_strconcat(work->machine->name, ".qcow2", NULL);
    g_autoptr(MvmVolume) volume = NULL;

    if (!find(work, name, &volume, error))
        return false;
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
    return prepare_firmware(&work, error) && prepare_opencore(&work, error) &&
           prepare_recovery(&work, error) && prepare_system(&work, error);
}
