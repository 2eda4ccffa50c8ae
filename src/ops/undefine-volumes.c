/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which volumes go with a machine. */
#include "ops/config.h"
#include "ops/define-current.h"
#include "ops/images.h"
#include "ops/import.h"
#include "ops/undefine-priv.h"
#include "util/error.h"
#include "util/secret.h"
#include "virt/volume.h"

/* Of snapshots, one over the other. */
#define MAX_CHAIN 64

static bool
open_pool(MvmUndefineWork *work, const char *name, GError **error)
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
name_in_pool(const MvmUndefineWork *work, const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);

    return g_str_equal(dir, mvm_pool_get_path(work->pool)) ? g_path_get_basename(path) : NULL;
}

static void
add_name(GPtrArray *names, char *name)
{
    if (name == NULL || g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
        g_free(name);
    else
        g_ptr_array_add(names, name);
}

/* The file that the volume at path is based on, or NULL; the caller frees. */
static char *
find_base(const MvmUndefineWork *work, const char *path)
{
    g_autofree char *name = name_in_pool(work, path);
    g_autoptr(MvmVolume) volume = name != NULL ? mvm_volume_lookup(work->pool, name, NULL) : NULL;

    return volume != NULL ? g_strdup(volume->backing) : NULL;
}

/* Below the overlays of external snapshots are the machine's own images; what these are based on is
 * shared, with clones or by name. The overlays come first: a base is free once no image needs it.
 */
static void
add_own_bases(MvmUndefineWork *work, const MvmHadImage *had, const char *top)
{
    g_autoptr(GPtrArray) chain = g_ptr_array_new_with_free_func(g_free);
    char *path = g_strdup(top);

    while (path != NULL && chain->len < MAX_CHAIN) {
        g_ptr_array_add(chain, path);
        for (int i = 0; i < MVM_IMAGE_COUNT; i++) {
            if (g_strcmp0(path, had[i].path) != 0)
                continue;
            for (guint k = 0; k < chain->len; k++)
                add_name(work->names, name_in_pool(work, chain->pdata[k]));
        }
        path = find_base(work, path);
    }
    g_free(path);
}

/* The recovery that the machine was installed from: the one of its version of macOS, and the one
 * that its overlay is based on. */
static void
add_media(MvmUndefineWork *work, const char *os)
{
    for (guint i = 0; i < work->names->len; i++) {
        g_autofree char *path =
            g_build_filename(mvm_pool_get_path(work->pool), work->names->pdata[i], NULL);
        g_autofree char *base = find_base(work, path);
        char *name = base != NULL ? name_in_pool(work, base) : NULL;

        if (name != NULL && mvm_image_is_media(name))
            add_name(work->media, name);
        else
            g_free(name);
    }
    if (os != NULL)
        add_name(work->media, g_strdup_printf("recovery-%s.img", os));
}

/* Of a machine that was renamed since it may go by another name. */
static void
add_previous(MvmUndefineWork *work, const char *path)
{
    add_name(work->names, path != NULL ? name_in_pool(work, path) : NULL);
}

/* Those that the domain does not name: the one before, and what was left half way. */
static bool
add_opencore(MvmUndefineWork *work, GError **error)
{
    g_autofree char *usual =
        g_strconcat(work->request->name, mvm_image_ending(MVM_IMAGE_OPENCORE), NULL);
    g_autoptr(GPtrArray) names = mvm_images_list_opencore(work->pool, usual, error);

    for (guint i = 0; names != NULL && i < names->len; i++)
        add_name(work->names, g_strdup(names->pdata[i]));
    return names != NULL;
}

static void
add_overlay(MvmUndefineWork *work, xmlDoc *doc)
{
    g_autofree char *source = mvm_current_image_source(MVM_IMAGE_SYSTEM);
    g_autofree char *system = mvm_xml_get(doc, source);

    add_name(work->names, mvm_image_beside(system, MVM_IMAGE_RECOVERY));
}

/* That of a machine that was imported is its own; any other is shared. */
static void
add_firmware(MvmUndefineWork *work)
{
    static const MvmImportImage images[] = {MVM_IMPORT_CODE, MVM_IMPORT_VARS};

    for (size_t i = 0; i < G_N_ELEMENTS(images); i++)
        add_name(work->names, g_strconcat(work->request->name, mvm_import_ending(images[i]), NULL));
}

/* What is declared to be shared is not the machine's to delete. */
#define OWN_DISKS                                                                                  \
    "/domain/devices/disk[(not(@device) or @device='disk') and not(shareable) and "                \
    "not(readonly)]/source[@file]"

static void
add_disks(MvmUndefineWork *work, xmlDoc *doc)
{
    g_autoptr(GPtrArray) sources = mvm_xml_get_nodes(doc, OWN_DISKS);
    MvmCurrent *current = NULL;

    (void)mvm_current_load(work->context->conn, work->request->name, &current, NULL);
    for (guint i = 0; i < sources->len; i++) {
        g_autofree char *path = mvm_xml_node_get(sources->pdata[i], "@file");
        char *name = name_in_pool(work, path);

        if (name != NULL && mvm_image_is_media(name))
            g_clear_pointer(&name, g_free);
        add_name(work->names, name);
        if (current != NULL)
            add_own_bases(work, current->images, path);
    }
    mvm_current_free(current);
}

bool
mvm_undefine_find_volumes(MvmUndefineWork *work, MvmDomain *domain, GError **error)
{
    g_autoptr(MvmMetadata) metadata = mvm_domain_get_metadata(domain, error);
    g_autoptr(xmlDoc) doc = metadata == NULL ? NULL : mvm_domain_get_xml(domain, error);

    if (doc == NULL || !open_pool(work, mvm_metadata_get_option(metadata, "pool"), error))
        return false;
    if (work->pool == NULL)
        return true;
    add_disks(work, doc);
    add_previous(work, metadata->opencore_previous);
    if (!add_opencore(work, error))
        return false;
    /* Left from before it was finished, when it has not been started since. */
    if (g_strcmp0(mvm_metadata_get_option(metadata, "recovery"), "off") == 0)
        add_overlay(work, doc);
    add_firmware(work);
    add_media(work, metadata->os);
    return true;
}

bool
mvm_undefine_find_leftovers(MvmUndefineWork *work, GError **error)
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
    add_media(work, NULL);
    return add_opencore(work, error);
}
