/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What define makes, once everything is planned: the images, and last the domain. */
#include "ops/define-priv.h"
#include "virt/definition.h"
#include "virt/domain.h"

/* Whom 'macvm ssh' logs in as is known of the running machine, too: that changes at once. */
static bool
change_running(MvmDefineWork *work, GError **error)
{
    const char *user = work->request->options->value[MVM_OPTION_SSH_USER];
    g_autoptr(MvmDomain) domain = NULL;
    g_autoptr(MvmMetadata) metadata = NULL;

    if (user == NULL || !mvm_definition_is_running(work->context->conn, work->machine->name))
        return true;
    domain = mvm_domain_open(work->context->conn, work->machine->name, error);
    metadata = domain != NULL ? mvm_domain_get_metadata(domain, error) : NULL;
    if (metadata == NULL)
        return false;
    g_free(metadata->ssh_user);
    metadata->ssh_user = g_strdup(user);
    return mvm_domain_set_metadata(domain, metadata, true, error);
}

static bool
store(MvmDefineWork *work, GError **error)
{
    const char *expected = work->current != NULL ? work->current->xml : NULL;
    const char *name = work->machine->name;

    if (work->merged->changed && !mvm_definition_write(work->context->conn, name, work->merged->xml,
                                                       work->merged->novel, expected, error))
        return false;
    if (!change_running(work, error))
        return false;
    /* What was once asked for may have been changed since: 'virsh autostart'. */
    if (mvm_define_option(work, MVM_OPTION_AUTOSTART) == NULL ||
        (work->current != NULL && !mvm_define_is_asked(work, MVM_OPTION_AUTOSTART)))
        return true;
    return mvm_definition_set_autostart(work->context->conn, name, work->machine->autostart, error);
}

/* What is made tells more than could be foreseen (a format): the domain is made of that. */
bool
mvm_define_make(MvmDefineWork *work, GError **error)
{
    if ((!mvm_images_is_needed(work->images) ||
         (mvm_images_make(work->images, error) && mvm_define_work_merge(work, error))) &&
        store(work, error)) {
        mvm_images_clean(work->images);
        return true;
    }
    mvm_images_undo(work->images);
    return false;
}
