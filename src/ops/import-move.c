/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/config.h"
#include "ops/define-current.h"
#include "ops/import-priv.h"
#include "ops/machine.h"
#include "util/error.h"
#include "util/secret.h"
#include "virt/definition.h"
#include "virt/volume.h"

#include <unistd.h>

/* A file that is in the pool itself is open here, and its lock is this import's own. */
bool
mvm_import_check_apart(MvmImportWork *work, GError **error)
{
    g_autoptr(MvmOptions) configured = NULL;
    mvm_autosecret char *osk = NULL;
    const char *name = work->options->value[MVM_OPTION_POOL];
    g_autoptr(MvmPool) pool = NULL;
    bool active = false;

    if (!mvm_config_load(&configured, &osk, error))
        return false;
    if (name == NULL)
        name = configured->value[MVM_OPTION_POOL];
    pool = mvm_pool_look(work->context->conn, name, &active, NULL);
    for (int i = 0; pool != NULL && i < MVM_IMPORT_IMAGE_COUNT; i++) {
        if (work->files[i].path != NULL &&
            !mvm_import_file_check_apart(&work->files[i], pool, error))
            return false;
    }
    return true;
}

/* Another domain may have the disk still: the one that was imported, or one of its snapshots. A
 * path of this machine means nothing to another one. */
static bool
check_unused(const MvmImportWork *work, GError **error)
{
    return mvm_connection_get_endpoint(work->context->conn)->remote ||
           mvm_volume_check_file_unused(work->pool, work->files[MVM_IMPORT_SYSTEM].path,
                                        work->files[MVM_IMPORT_SYSTEM].fd, "delete", error);
}

/* Only what was seen to be in the pool, byte for byte, after the domain is there, goes. */
static bool
remove_source(MvmImportWork *work, MvmImportResult *result, bool *ret_same, GError **error)
{
    const MvmImportFile *system = &work->files[MVM_IMPORT_SYSTEM];
    g_autoptr(GError) cause = NULL;
    const char *why = NULL;
    bool same = false;

    if (!mvm_import_file_is_same(system, work->context, work->pool, &same, error))
        return false;
    *ret_same = same;
    if (!same)
        why = "its copy is not the same, bit by bit";
    else if (!mvm_import_file_is_there(system))
        why = "it is a link, or another file by now";
    else if (!check_unused(work, &cause))
        why = cause->message;
    result->moved = why == NULL;
    if (why != NULL) {
        mvm_import_leave(work->source, "'%s' stays where it is: %s", system->path, why);
        return true;
    }
    if (unlink(system->path) < 0)
        return mvm_error_set_errno(error, "remove", system->path);
    return true;
}

bool
mvm_import_remove_source(MvmImportWork *work, MvmImportResult *result, GError **error)
{
    bool same = false;

    return remove_source(work, result, &same, error);
}

/* Whether the machine that is there has the system disk that this import makes. */
static bool
is_ours(const MvmImportWork *work)
{
    MvmCurrent *current = NULL;
    bool ours = false;

    if (!mvm_current_load(work->context->conn, work->name, &current, NULL) || current == NULL)
        return false;
    if (current->images[MVM_IMAGE_SYSTEM].path != NULL) {
        const char *path = current->images[MVM_IMAGE_SYSTEM].path;
        g_autofree char *dir = g_path_get_dirname(path), *base = g_path_get_basename(path);

        ours = g_str_equal(dir, mvm_pool_get_path(work->pool)) &&
               g_str_equal(base, work->files[MVM_IMPORT_SYSTEM].volume);
    }
    mvm_current_free(current);
    return ours;
}

/* A move that was interrupted once the machine was there: while its disk is what was copied. */
bool
mvm_import_end_move(MvmImportWork *work, MvmImportResult *result, GError **error)
{
    g_autoptr(MvmLock) lock = mvm_machine_lock(work->context, work->name, error);
    bool same = false;

    if (lock == NULL || !mvm_import_open_pool(work, error))
        return false;
    if (!is_ours(work) || mvm_definition_is_running(work->context->conn, work->name) ||
        !mvm_import_file_check_apart(&work->files[MVM_IMPORT_SYSTEM], work->pool, NULL))
        return mvm_import_refuse_name(work, error);
    return remove_source(work, result, &same, error) &&
           (same || mvm_import_refuse_name(work, error));
}
