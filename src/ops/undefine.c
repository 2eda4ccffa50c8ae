/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/undefine.h"

#include "host/launcher.h"
#include "machine/name.h"
#include "ops/machine.h"
#include "ops/undefine-priv.h"
#include "util/error.h"
#include "util/ssh.h"
#include "util/words.h"
#include "virt/claim.h"
#include "virt/volume.h"

#include <string.h>

static void
work_clear(MvmUndefineWork *work)
{
    mvm_pool_free(work->pool);
    g_ptr_array_unref(work->names);
    g_ptr_array_unref(work->media);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmUndefineWork, work_clear)

/* Deletes the volume, unless somebody else needs it or it is gone already. */
static bool
delete_volume(MvmUndefineWork *work, const char *volume, GError **error)
{
    g_autofree char *word = NULL, *pool = NULL;
    g_autoptr(GError) cause = NULL;

    if (mvm_volume_delete(work->pool, volume, work->request->name, &cause)) {
        mvm_progress_note(work->context->progress, "deleted volume '%s'", volume);
        work->deleted++;
        return true;
    }
    if (g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND))
        return true;
    if (g_error_matches(cause, MVM_ERROR, MVM_ERROR_CONFLICT)) {
        mvm_progress_note(work->context->progress, "kept volume '%s': %s", volume, cause->message);
        return true;
    }
    word = mvm_word_quote(work->request->name);
    pool = mvm_word_quote(mvm_pool_get_name(work->pool));
    mvm_error_set_hint(&cause,
                       "the machine is gone already; 'macvm undefine --remove-storage --pool %s "
                       "%s' deletes what is left of its images",
                       pool, word);
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

static bool
delete_all(MvmUndefineWork *work, const GPtrArray *names, GError **error)
{
    for (guint i = 0; i < names->len; i++) {
        if (!delete_volume(work, names->pdata[i], error))
            return false;
    }
    return true;
}

/* What is based on the recovery goes before it. */
static bool
delete_volumes(MvmUndefineWork *work, GError **error)
{
    const MvmUndefineRequest *request = work->request;

    return (!request->remove_storage || delete_all(work, work->names, error)) &&
           (!request->remove_media || delete_all(work, work->media, error));
}

/* What another machine needs is kept; what is in use where this connection cannot look keeps all,
 * and the definition as well, which alone knows of it. */
static bool
check_elsewhere(MvmUndefineWork *work, GError **error)
{
    const MvmClaimScope scope = {.except = work->request->name, .fd = -1};

    for (guint i = 0; i < work->names->len; i++) {
        const char *name = work->names->pdata[i];
        g_autoptr(GError) cause = NULL;
        g_auto(MvmClaim) claim = {0};

        if (!mvm_claim_find_volume(work->pool, name, &scope, &claim, &cause)) {
            if (g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND))
                continue;
            g_propagate_error(error, g_steal_pointer(&cause));
            return false;
        }
        if (mvm_claim_is_elsewhere(&claim))
            return mvm_claim_check(&claim, "delete", "volume", name, error);
    }
    return true;
}

static bool
check_saved(const MvmUndefineWork *work, MvmDomain *domain, GError **error)
{
    const char *name = work->request->name;
    g_autofree char *word = mvm_word_quote(name);

    if (!mvm_domain_is_saved(domain))
        return true;
    if (work->request->drop_saved) {
        mvm_progress_note(work->context->progress, "the saved state of '%s' is lost", name);
        return true;
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot undefine '%s': the saved state of the guest would be lost", name);
    mvm_error_set_hint(error, "'macvm up %s' goes on from it; --yes agrees to lose it", word);
    return false;
}

/* Another machine may have the same NVRAM: one that was renamed keeps the file. */
static bool
check_nvram(const MvmUndefineWork *work, MvmDomain *domain, bool *ret_keep, GError **error)
{
    const MvmClaimScope scope = {.except = work->request->name, .fd = -1};
    g_autofree char *path = mvm_domain_get_nvram(domain, error);
    g_autoptr(GError) why = NULL;
    g_auto(MvmClaim) claim = {0};

    if (path == NULL)
        return false;
    if (*path == '\0')
        return true;
    if (!mvm_claim_find(work->context->conn, path, &scope, &claim, error))
        return false;
    *ret_keep = !mvm_claim_check(&claim, "delete", "NVRAM", path, &why);
    if (why != NULL)
        mvm_progress_note(work->context->progress, "kept NVRAM: %s", why->message);
    return true;
}

static bool
undefine(MvmUndefineWork *work, MvmDomain *domain, GError **error)
{
    const MvmUndefineRequest *request = work->request;
    g_autofree char *alias = mvm_ssh_alias(mvm_domain_get_uuid(domain));
    bool keep_nvram = false;

    if (!mvm_machine_check_off(domain, "undefine", NULL, error) ||
        !check_saved(work, domain, error) ||
        ((request->remove_storage || request->remove_media) &&
         !mvm_undefine_find_volumes(work, domain, error)) ||
        (request->remove_storage && !check_elsewhere(work, error)) ||
        !check_nvram(work, domain, &keep_nvram, error))
        return false;
    if (!mvm_domain_undefine(domain, request->drop_saved, keep_nvram, error))
        return false;
    if (mvm_launcher_remove(mvm_connection_get_endpoint(work->context->conn)->uri,
                            work->request->name))
        mvm_progress_note(work->context->progress, "removed the desktop launcher");
    return mvm_ssh_forget_host_key(alias, error) && delete_volumes(work, error);
}

static bool
has_leftovers(const MvmUndefineWork *work)
{
    for (guint i = 0; i < work->names->len; i++) {
        const char *name = work->names->pdata[i], *machine = work->request->name;

        if (mvm_volume_check_unused(work->pool, name, machine, "delete", NULL))
            return true;
    }
    return false;
}

/* There is no such machine, as missing says; is there something left of one? */
static bool
clean_up(MvmUndefineWork *work, const GError *missing, GError **error)
{
    const char *name = work->request->name;
    g_autofree char *word = mvm_word_quote(name);
    bool remove = work->request->remove_storage || work->request->remove_media,
         named = mvm_name_check(name, NULL);

    if (named && remove &&
        (!mvm_undefine_find_leftovers(work, error) || !delete_volumes(work, error)))
        return false;
    if (work->deleted > 0)
        return true;
    g_propagate_error(error, g_error_copy(missing));
    if (named && !remove && mvm_undefine_find_leftovers(work, NULL) && has_leftovers(work))
        mvm_error_set_hint(error,
                           "images of it are left: 'macvm define %s' uses them, 'macvm undefine "
                           "--remove-storage %s' deletes them",
                           word, word);
    return false;
}

bool
mvm_machine_undefine(const MvmContext *context, const MvmUndefineRequest *request, GError **error)
{
    g_auto(MvmUndefineWork) work = {.context = context,
                                    .request = request,
                                    .names = g_ptr_array_new_with_free_func(g_free),
                                    .media = g_ptr_array_new_with_free_func(g_free)};
    g_autoptr(MvmLock) lock = mvm_machine_lock(context, request->name, error);
    g_autoptr(MvmDomain) domain = NULL;
    g_autoptr(GError) cause = NULL;

    if (lock == NULL)
        return false;
    domain = mvm_domain_open_any(context->conn, request->name, &cause);
    if (domain != NULL)
        return mvm_domain_check_managed(domain, error) && undefine(&work, domain, error);
    if (g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND))
        return clean_up(&work, cause, error);
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

bool
mvm_machine_has_saved_state(const MvmContext *context, const char *name)
{
    g_autoptr(MvmDomain) domain = mvm_domain_open(context->conn, name, NULL);

    return domain != NULL && mvm_domain_is_saved(domain);
}
