/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/define-current.h"
#include "ops/import-priv.h"
#include "ops/machine.h"
#include "util/error.h"
#include "virt/definition.h"

#include <unistd.h>

/* Only what was seen to be in the pool, byte for byte, after the domain is there, goes. */
bool
mvm_import_remove_source(MvmImportWork *work, MvmImportResult *result, GError **error)
{
    const MvmImportFile *system = &work->files[MVM_IMPORT_SYSTEM];
    bool same = false;

    if (!mvm_import_file_is_same(system, work->context, work->pool, &same, error))
        return false;
    result->moved = same && mvm_import_file_is_there(system);
    if (!result->moved) {
        mvm_import_leave(work->source, "'%s' stays where it is: %s", system->path,
                         same ? "it is a link, or another file by now"
                              : "its copy is not the same, bit by bit");
        return true;
    }
    if (unlink(system->path) < 0)
        return mvm_error_set_errno(error, "remove", system->path);
    return true;
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

    if (lock == NULL || !mvm_import_open_pool(work, error))
        return false;
    if (!is_ours(work) || mvm_definition_is_running(work->context->conn, work->name) ||
        !mvm_import_file_check_apart(&work->files[MVM_IMPORT_SYSTEM], work->pool, NULL))
        return mvm_import_refuse_name(work, error);
    return mvm_import_remove_source(work, result, error) &&
           (result->moved || mvm_import_refuse_name(work, error));
}
