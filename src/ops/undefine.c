/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/undefine.h"

#include "host/launcher.h"
#include "machine/name.h"
#include "ops/config.h"
#include "ops/define-current.h"
#include "ops/images.h"
#include "ops/import.h"
#include "ops/machine.h"
#include "util/error.h"
#include "util/secret.h"
#include "util/ssh.h"
#include "util/words.h"
#include "virt/volume.h"

#include <string.h>

typedef struct {
    const MvmContext *context;
    const MvmUndefineRequest *request;
    MvmPool *pool;    /* owned; NULL: it has none any more */
    GPtrArray *names; /* of volumes in pool, in the order of their deletion; owned */
    unsigned deleted;
} Work;

static void
work_clear(Work *work)
{
    mvm_pool_free(work->pool);
    g_ptr_array_unref(work->names);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

static bool
open_pool(Work *work, const char *name, GError **error)
{
    g_autoptr(GError) cause = NULL;

    work->pool = mvm_pool_open(work->context->conn, name, &cause);
    if (work->pool != NULL || g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND))
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

/* The name of the volume that is at path in the pool, or NULL: then it is not for us to delete. */
static char *
name_in_pool(const Work *work, const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);

    return g_str_equal(dir, mvm_pool_get_path(work->pool)) ? g_path_get_basename(path) : NULL;
}

/* Images first, what they are based on after them: a base is free once no image needs it. */
static void
add_bases(Work *work)
{
    guint images = work->names->len;

    for (guint i = 0; i < images; i++) {
        g_autoptr(MvmVolume) volume = mvm_volume_lookup(work->pool, work->names->pdata[i], NULL);
        char *base =
            volume == NULL || volume->backing == NULL ? NULL : name_in_pool(work, volume->backing);

        if (base != NULL)
            g_ptr_array_add(work->names, base);
    }
}

/* Of a machine that was renamed since it may go by another name. */
static void
add_previous(Work *work, const char *path)
{
    char *name = path != NULL ? name_in_pool(work, path) : NULL;

    if (name != NULL)
        g_ptr_array_add(work->names, name);
}

/* Those that the domain does not name: the one before, and what was left half way. */
static bool
add_opencore(Work *work, GError **error)
{
    g_autofree char *usual =
        g_strconcat(work->request->name, mvm_image_ending(MVM_IMAGE_OPENCORE), NULL);
    g_autoptr(GPtrArray) names = mvm_images_list_opencore(work->pool, usual, error);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        if (!g_ptr_array_find_with_equal_func(work->names, names->pdata[i], g_str_equal, NULL))
            g_ptr_array_add(work->names, g_strdup(names->pdata[i]));
    }
    return names != NULL;
}

static void
add_overlay(Work *work, xmlDoc *doc)
{
    g_autofree char *source = mvm_current_image_source(MVM_IMAGE_SYSTEM);
    g_autofree char *system = mvm_xml_get(doc, source);
    char *overlay = mvm_image_beside(system, MVM_IMAGE_RECOVERY);

    if (overlay != NULL)
        g_ptr_array_add(work->names, overlay);
}

/* That of a machine that was imported is its own; any other is shared. */
static void
add_firmware(Work *work)
{
    static const MvmImportImage images[] = {MVM_IMPORT_CODE, MVM_IMPORT_VARS};

    for (size_t i = 0; i < G_N_ELEMENTS(images); i++)
        g_ptr_array_add(work->names,
                        g_strconcat(work->request->name, mvm_import_ending(images[i]), NULL));
}

static bool
find_volumes(Work *work, MvmDomain *domain, GError **error)
{
    g_autoptr(MvmMetadata) metadata = mvm_domain_get_metadata(domain, error);
    g_autoptr(xmlDoc) doc = metadata == NULL ? NULL : mvm_domain_get_xml(domain, error);
    g_autoptr(GPtrArray) sources = NULL;

    if (doc == NULL || !open_pool(work, mvm_metadata_get_option(metadata, "pool"), error))
        return false;
    if (work->pool == NULL)
        return true;
    sources = mvm_xml_get_nodes(
        doc, "/domain/devices/disk[not(@device) or @device='disk']/source[@file]");
    for (guint i = 0; i < sources->len; i++) {
        g_autofree char *path = mvm_xml_node_get(sources->pdata[i], "@file");
        char *name = name_in_pool(work, path);

        if (name != NULL)
            g_ptr_array_add(work->names, name);
    }
    add_previous(work, metadata->opencore_previous);
    if (!add_opencore(work, error))
        return false;
    /* Left from before it was finished, when it has not been started since. */
    if (g_strcmp0(mvm_metadata_get_option(metadata, "recovery"), "off") == 0)
        add_overlay(work, doc);
    add_firmware(work);
    add_bases(work);
    return true;
}

/* Of a machine that is gone: what define would have made in that pool. */
static bool
find_leftovers(Work *work, GError **error)
{
    g_autoptr(MvmOptions) options = NULL;
    mvm_autosecret char *osk = NULL;
    const char *pool = work->request->pool;

    if (!mvm_config_load(&options, &osk, error) ||
        !open_pool(work, pool != NULL ? pool : options->value[MVM_OPTION_POOL], error))
        return false;
    for (size_t i = 0; work->pool != NULL && i < MVM_IMAGE_COUNT; i++)
        g_ptr_array_add(work->names,
                        g_strconcat(work->request->name, mvm_image_ending((MvmImage)i), NULL));
    if (work->pool == NULL)
        return true;
    add_firmware(work);
    add_bases(work);
    return add_opencore(work, error);
}

/* Deletes the volume, unless somebody else needs it or it is gone already. */
static bool
delete_volume(Work *work, const char *volume, GError **error)
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
delete_volumes(Work *work, GError **error)
{
    for (guint i = 0; i < work->names->len; i++) {
        if (!delete_volume(work, work->names->pdata[i], error))
            return false;
    }
    return true;
}

static bool
check_saved(const Work *work, MvmDomain *domain, GError **error)
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

static bool
undefine(Work *work, MvmDomain *domain, GError **error)
{
    g_autofree char *alias = mvm_ssh_alias(mvm_domain_get_uuid(domain));

    if (!mvm_machine_check_off(domain, "undefine", NULL, error) ||
        !check_saved(work, domain, error) ||
        (work->request->remove_storage && !find_volumes(work, domain, error)))
        return false;
    if (!mvm_domain_undefine(domain, work->request->drop_saved, error))
        return false;
    if (mvm_launcher_remove(mvm_connection_get_endpoint(work->context->conn)->uri,
                            work->request->name))
        mvm_progress_note(work->context->progress, "removed the desktop launcher");
    return mvm_ssh_forget_host_key(alias, error) && delete_volumes(work, error);
}

static bool
has_leftovers(const Work *work)
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
clean_up(Work *work, const GError *missing, GError **error)
{
    const char *name = work->request->name;
    g_autofree char *word = mvm_word_quote(name);
    bool remove = work->request->remove_storage, named = mvm_name_check(name, NULL);

    if (named && remove && (!find_leftovers(work, error) || !delete_volumes(work, error)))
        return false;
    if (work->deleted > 0)
        return true;
    g_propagate_error(error, g_error_copy(missing));
    if (named && !remove && find_leftovers(work, NULL) && has_leftovers(work))
        mvm_error_set_hint(error,
                           "images of it are left: 'macvm define %s' uses them, 'macvm undefine "
                           "--remove-storage %s' deletes them",
                           word, word);
    return false;
}

bool
mvm_machine_undefine(const MvmContext *context, const MvmUndefineRequest *request, GError **error)
{
    g_auto(Work) work = {
        .context = context, .request = request, .names = g_ptr_array_new_with_free_func(g_free)};
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
