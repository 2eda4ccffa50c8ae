/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/finish.h"

#include "machine/options.h"
#include "ops/define-current.h"
#include "ops/define.h"
#include "ops/guest-ssh.h"
#include "ops/images.h"
#include "util/command.h"
#include "util/error.h"
#include "util/words.h"
#include "virt/volume.h"

#include <string.h>

static const char *
option_name(MvmOption option)
{
    return mvm_option_info(option)->name;
}

static bool
is_finished(const MvmMetadata *metadata)
{
    return g_strcmp0(mvm_metadata_get_option(metadata, option_name(MVM_OPTION_RECOVERY)), "off") ==
           0;
}

static MvmPool *
open_pool(const MvmContext *context, const MvmMetadata *metadata, GError **error)
{
    return mvm_pool_open(context->conn,
                         mvm_metadata_get_option(metadata, option_name(MVM_OPTION_POOL)), error);
}

/* Deletes the volume, or tells by a note why it stays; one that is not there is nothing to tell. */
static void
delete_or_tell(const MvmContext *context, MvmPool *pool, const char *volume)
{
    g_autoptr(GError) cause = NULL;

    if (mvm_volume_delete(pool, volume, NULL, &cause))
        mvm_progress_note(context->progress, "deleted volume '%s'", volume);
    else if (!g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND))
        mvm_progress_note(context->progress, "kept volume '%s': %s", volume, cause->message);
}

/* The volume that held what was written over the recovery; NULL: it cannot be told. */
static char *
find_overlay(const MvmContext *context, MvmDomain *domain)
{
    MvmCurrent *current = NULL;
    char *overlay = NULL;

    if (!mvm_current_load(context->conn, mvm_domain_get_name(domain), &current, NULL) ||
        current == NULL)
        return NULL;
    overlay = mvm_image_beside(current->images[MVM_IMAGE_SYSTEM].path, MVM_IMAGE_RECOVERY);
    mvm_current_free(current);
    return overlay;
}

void
mvm_finish_clean(const MvmContext *context, MvmDomain *domain)
{
    g_autoptr(MvmMetadata) metadata = mvm_domain_get_metadata(domain, NULL);
    g_autoptr(MvmPool) pool = NULL;
    g_autoptr(MvmVolume) volume = NULL;
    g_autofree char *overlay = NULL;

    if (metadata == NULL || !is_finished(metadata) || mvm_domain_is_saved(domain) ||
        (overlay = find_overlay(context, domain)) == NULL ||
        (pool = open_pool(context, metadata, NULL)) == NULL)
        return;
    volume = mvm_volume_lookup(pool, overlay, NULL);
    if (volume != NULL && volume->backing != NULL && mvm_volume_delete(pool, overlay, NULL, NULL))
        mvm_progress_note(context->progress, "deleted volume '%s'", overlay);
}

static bool
turn_off_recovery(const MvmContext *context, const char *name, MvmDefineResult *result,
                  GError **error)
{
    g_autoptr(MvmOptions) options = mvm_options_new();
    MvmDefineRequest request = {.name = name, .options = options, .must_exist = true};

    return mvm_options_set(options, MVM_OPTION_RECOVERY, "off", error) &&
           mvm_define(context, &request, result, error);
}

static bool
remove_shared(const MvmContext *context, const MvmMetadata *metadata, GError **error)
{
    g_autofree char *media = g_strdup_printf("recovery-%s.img", metadata->os);
    g_autoptr(MvmPool) pool = open_pool(context, metadata, error);

    if (pool == NULL)
        return false;
    delete_or_tell(context, pool, media);
    return true;
}

/* Whether there is a disk in the place of the recovery. What cannot be told is said by what comes
 * next. */
static bool
has_recovery(const MvmContext *context, const char *name)
{
    MvmCurrent *current = NULL;
    bool has = mvm_current_load(context->conn, name, &current, NULL) && current != NULL &&
               current->images[MVM_IMAGE_RECOVERY].attached;

    mvm_current_free(current);
    return has;
}

bool
mvm_finish(const MvmContext *context, const char *name, bool remove_media,
           MvmFinishResult *ret_result, GError **error)
{
    g_auto(MvmDefineResult) defined = {0};
    g_autoptr(MvmDomain) domain = NULL;
    g_autoptr(MvmMetadata) metadata = NULL;
    bool had = has_recovery(context, name);

    if (!turn_off_recovery(context, name, &defined, error) ||
        (domain = mvm_domain_open(context->conn, name, error)) == NULL ||
        (metadata = mvm_domain_get_metadata(domain, error)) == NULL)
        return false;
    mvm_finish_clean(context, domain);
    if (remove_media && !remove_shared(context, metadata, error))
        return false;
    *ret_result = (MvmFinishResult){defined.changed, had, defined.running};
    return true;
}

/* --- by itself -------------------------------------------------------------------------------- */

/* Whether recovery is a disk of the machine, and nobody decided about that. */
static bool
may_be_finished(const MvmContext *context, MvmDomain *domain, const MvmMetadata *metadata)
{
    return mvm_metadata_get_option(metadata, option_name(MVM_OPTION_RECOVERY)) == NULL &&
           has_recovery(context, mvm_domain_get_name(domain));
}

static bool
is_macos(MvmDomain *domain, const MvmMetadata *metadata)
{
    static const char *const uname[] = {"uname", NULL};
    g_autoptr(GPtrArray) argv =
        mvm_guest_ssh_argv(domain, metadata, MVM_GUEST_SSH_ACT, uname, NULL);
    g_autofree char *out =
        argv != NULL ? mvm_command_run((const char *const *)argv->pdata, NULL) : NULL;

    return out != NULL && g_str_equal(g_strchomp(out), "Darwin");
}

void
mvm_finish_if_installed(const MvmContext *context, MvmDomain *domain, const MvmMetadata *metadata)
{
    const char *name = mvm_domain_get_name(domain);
    g_autofree char *word = mvm_word_quote(name);
    g_auto(MvmDefineResult) result = {0};
    g_autoptr(GError) cause = NULL;

    if (!may_be_finished(context, domain, metadata) || !is_macos(domain, metadata))
        return;
    if (turn_off_recovery(context, name, &result, &cause))
        mvm_progress_note(context->progress,
                          "macOS is installed: from its next start on '%s' is without the recovery "
                          "disk ('macvm set %s --recovery on' brings it back)",
                          name, word);
    else
        mvm_progress_note(context->progress,
                          "macOS is installed: 'macvm finish %s' takes out the recovery disk",
                          word);
}
