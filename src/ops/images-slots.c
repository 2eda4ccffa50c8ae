/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names of a machine's OpenCore disks: NAME-opencore.qcow2, NAME-opencore.2.qcow2 ... One is
 * the domain's, one may be kept to go back to; a new one gets a name that is neither's, and what is
 * neither is deleted once the domain is defined. Killed in between, the next run writes over what
 * was left.
 */
#include "ops/images-priv.h"
#include "util/error.h"

#include <string.h>

#define ENDING ".qcow2"
#define MAX_SLOTS 16u
/* Another machine's disk may go by such a name ("x-opencore.2"): a boot loader's is small. */
#define MAX_CAPACITY (UINT64_C(1) << 30)

/* name without its ending and number; the caller frees. */
static char *
stem_of(const char *name)
{
    size_t len = strlen(name) - (g_str_has_suffix(name, ENDING) ? strlen(ENDING) : 0);
    size_t digits = len;

    while (digits > 0 && g_ascii_isdigit(name[digits - 1]))
        digits--;
    if (digits > 0 && digits < len && name[digits - 1] == '.')
        len = digits - 1;
    return g_strndup(name, len);
}

static char *
slot_name(const char *stem, unsigned slot)
{
    return slot == 1 ? g_strconcat(stem, ENDING, NULL)
                     : g_strdup_printf("%s.%u" ENDING, stem, slot);
}

/* The volume called name among volumes, or NULL. */
static const MvmVolume *
find(const GPtrArray *volumes, const char *name)
{
    for (guint i = 0; i < volumes->len; i++) {
        const MvmVolume *volume = volumes->pdata[i];

        if (g_str_equal(volume->name, name))
            return volume;
    }
    return NULL;
}

/* Whether the domain has it (until it is defined anew, too), or it is kept. */
static bool
is_needed(const MvmImages *images, const char *path)
{
    return g_strcmp0(path, images->had[MVM_IMAGE_OPENCORE].path) == 0 ||
           g_strcmp0(path, images->machine->opencore_previous) == 0 ||
           g_strcmp0(path, images->opencore_previous) == 0;
}

static bool
is_free(const MvmImages *images, const GPtrArray *volumes, const char *name)
{
    g_autofree char *path = mvm_images_path(images, name);
    const MvmVolume *volume = find(volumes, name);

    return !is_needed(images, path) &&
           (volume == NULL || (volume->capacity <= MAX_CAPACITY &&
                               mvm_volume_check_unused(images->pool, name, NULL, "replace", NULL)));
}

char *
mvm_images_choose_opencore(const MvmImages *images, GError **error)
{
    g_autoptr(GPtrArray) volumes = mvm_volume_list(images->pool, error);
    g_autofree char *stem = stem_of(images->opencore_name);

    if (volumes == NULL)
        return NULL;
    for (unsigned slot = 1; slot <= MAX_SLOTS; slot++) {
        g_autofree char *name = slot_name(stem, slot);

        if (is_free(images, volumes, name))
            return g_steal_pointer(&name);
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot make the OpenCore disk of '%s' anew: all names from '%s" ENDING
                "' to '%s.%u" ENDING "' are in use",
                images->machine->name, stem, stem, MAX_SLOTS);
    mvm_error_set_hint(error, "delete those that no machine needs with 'virsh vol-delete'");
    return NULL;
}

GPtrArray *
mvm_images_list_opencore(MvmPool *pool, const char *name, GError **error)
{
    g_autoptr(GPtrArray) volumes = mvm_volume_list(pool, error);
    g_autofree char *stem = stem_of(name);
    GPtrArray *names = NULL;

    if (volumes == NULL)
        return NULL;
    names = g_ptr_array_new_with_free_func(g_free);
    for (unsigned slot = 1; slot <= MAX_SLOTS; slot++) {
        g_autofree char *slot_volume = slot_name(stem, slot);
        const MvmVolume *volume = find(volumes, slot_volume);

        if (volume != NULL && volume->capacity <= MAX_CAPACITY)
            g_ptr_array_add(names, g_steal_pointer(&slot_volume));
    }
    return names;
}

/* One that is in use, by what runs or by another machine, is refused, and stays. */
void
mvm_images_clean(const MvmImages *images)
{
    const MvmMachine *machine = images->machine;
    g_autoptr(GPtrArray) names = NULL;

    if (images->pool == NULL || images->opencore_name == NULL ||
        (!images->opencore_clean && images->opencore_source.volume == NULL))
        return;
    names = mvm_images_list_opencore(images->pool, images->opencore_name, NULL);
    for (guint i = 0; names != NULL && i < names->len; i++) {
        g_autofree char *path = mvm_images_path(images, names->pdata[i]);

        if (g_strcmp0(path, machine->opencore_path) != 0 &&
            g_strcmp0(path, machine->opencore_previous) != 0)
            (void)mvm_volume_delete(images->pool, names->pdata[i], NULL, NULL);
    }
}
