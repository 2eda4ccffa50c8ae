/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/undefine.h"

#include "util/error.h"
#include "virt/domain.h"
#include "virt/volume.h"

#include <string.h>

static bool
check_off(MvmDomain *domain, GError **error)
{
    const char *name = mvm_domain_get_name(domain);
    MvmState state = MVM_STATE_UNKNOWN;

    if (!mvm_domain_get_state(domain, &state, NULL, error))
        return false;
    if (!mvm_state_is_active(state))
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot undefine '%s': it is %s", name,
                mvm_state_name(state));
    mvm_error_set_hint(error, "'macvm down %s' stops it", name);
    return false;
}

/* Deletes the volume called volume, unless somebody else needs it or it is gone already. */
static bool
delete_volume(const MvmContext *context, MvmPool *pool, const char *volume, const char *machine,
              GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (mvm_volume_delete(pool, volume, machine, &cause)) {
        mvm_progress_note(context->progress, "deleted volume '%s'", volume);
        return true;
    }
    if (g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND))
        return true;
    if (g_error_matches(cause, MVM_ERROR, MVM_ERROR_CONFLICT)) {
        mvm_progress_note(context->progress, "kept volume '%s': %s", volume, cause->message);
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

/* The name of the volume of pool at path, or NULL: then it is not for us to delete. */
static char *
volume_at(MvmPool *pool, const char *path)
{
    g_autofree char *name = path == NULL ? NULL : g_path_get_basename(path);
    g_autoptr(MvmVolume) volume = name == NULL ? NULL : mvm_volume_lookup(pool, name, NULL);

    return volume != NULL && g_str_equal(volume->path, path) ? g_strdup(volume->name) : NULL;
}

/* Images first, what they are based on after them: a base is free once no image needs it. */
static GPtrArray *
list_volumes(MvmPool *pool, xmlDoc *doc)
{
    g_autoptr(GPtrArray) sources = mvm_xml_get_nodes(
        doc, "/domain/devices/disk[not(@device) or @device='disk']/source[@file]");
    g_autoptr(GPtrArray) bases = g_ptr_array_new_with_free_func(g_free);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < sources->len; i++) {
        g_autofree char *path = mvm_xml_node_get(sources->pdata[i], "@file");
        g_autofree char *name = volume_at(pool, path);
        g_autoptr(MvmVolume) volume = name == NULL ? NULL : mvm_volume_lookup(pool, name, NULL);
        g_autofree char *base = volume == NULL ? NULL : volume_at(pool, volume->backing);

        if (base != NULL)
            g_ptr_array_add(bases, g_steal_pointer(&base));
        if (name != NULL)
            g_ptr_array_add(names, g_steal_pointer(&name));
    }
    for (guint i = 0; i < bases->len; i++)
        g_ptr_array_add(names, g_strdup(bases->pdata[i]));
    return names;
}

static bool
delete_storage(const MvmContext *context, MvmDomain *domain, const MvmMetadata *metadata,
               GError **error)
{
    const char *machine = mvm_domain_get_name(domain);
    g_autoptr(xmlDoc) doc = mvm_domain_get_xml(domain, error);
    g_autoptr(GPtrArray) names = NULL;
    g_autoptr(MvmPool) pool = NULL;
    g_autoptr(GError) cause = NULL;

    if (doc == NULL)
        return false;
    pool = mvm_pool_open(context->conn, mvm_metadata_get_option(metadata, "pool"), &cause);
    if (pool == NULL && g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND))
        return true;
    if (pool == NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    names = list_volumes(pool, doc);
    for (guint i = 0; i < names->len; i++) {
        if (!delete_volume(context, pool, names->pdata[i], machine, error))
            return false;
    }
    return true;
}

bool
mvm_machine_undefine(const MvmContext *context, const char *name, bool remove_storage,
                     GError **error)
{
    g_autoptr(MvmDomain) domain = mvm_domain_open(context->conn, name, error);
    g_autoptr(MvmMetadata) metadata =
        domain == NULL ? NULL : mvm_domain_get_metadata(domain, error);

    if (metadata == NULL || !check_off(domain, error) ||
        (remove_storage && !delete_storage(context, domain, metadata, error)))
        return false;
    return mvm_domain_undefine(domain, error);
}
