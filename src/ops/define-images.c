/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which images a machine that is defined wants. */
#include "ops/define-priv.h"
#include "ops/opencore.h"
#include "virt/definition.h"

/* What is in the OpenCore disk, a macOS that wants another model there, or another machine's. */
static bool
asks_for_opencore(const MvmDefineWork *work)
{
    const MvmMetadata *metadata = work->current != NULL ? work->current->metadata : NULL;
    const MvmIdentity *had = metadata != NULL ? metadata->identity : NULL;

    if (metadata != NULL && work->current->copy && metadata->opencore_made != NULL)
        return true;
    if (had != NULL && !g_str_equal(had->model, work->machine->identity->model))
        return true;
    for (int i = 0; i < MVM_OPTION_COUNT; i++) {
        if (mvm_define_is_asked(work, (MvmOption)i) && mvm_opencore_key_of((MvmOption)i) != NULL)
            return true;
    }
    return work->request->edit != NULL || work->request->unset != NULL ||
           work->request->opencore_change != MVM_OPENCORE_KEEP;
}

bool
mvm_define_plan_images(MvmDefineWork *work, GError **error)
{
    bool saved = false;

    if (work->current != NULL)
        (void)mvm_definition_look(work->context->conn, work->request->name, &saved);
    work->images_wanted = (MvmImageRequest){
        .pool = mvm_define_option(work, MVM_OPTION_POOL),
        .pool_asked = mvm_define_is_asked(work, MVM_OPTION_POOL),
        .exists = work->current != NULL,
        .new_disk = work->request->new_disk,
        .saved = saved,
        .opencore = work->request->opencore,
        .opencore_change = work->request->opencore_change,
        .edits_before = work->current != NULL ? work->current->metadata->config : NULL,
        .firmware = mvm_define_option(work, MVM_OPTION_FIRMWARE),
        .opencore_made = work->current != NULL ? work->current->metadata->opencore_made : NULL,
        .opencore_asked = asks_for_opencore(work),
        .recovery_asked = mvm_define_is_asked(work, MVM_OPTION_RECOVERY),
        .resize = mvm_define_is_asked(work, MVM_OPTION_DISK_SIZE),
        .dry_run = work->request->mode != MVM_DEFINE,
        .had = work->current != NULL ? work->current->images : NULL,
    };
    work->images = mvm_images_plan(work->context, &work->images_wanted, work->machine, error);
    return work->images != NULL;
}
