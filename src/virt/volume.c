/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/volume.h"

#include "util/error.h"
#include "util/size.h"
#include "util/words.h"
#include "virt/volume-priv.h"

#include <stdlib.h>
#include <string.h>

MvmVolume *
mvm_volume_read(virStorageVolPtr vol, const char *pool, GError **error)
{
    const char *name = virStorageVolGetName(vol); /* later it would erase the error */
    char *xml = virStorageVolGetXMLDesc(vol, 0);
    g_autofree char *text = NULL;

    if (xml == NULL) {
        mvm_virt_set_error(error, "read volume '%s'", name);
        return NULL;
    }
    /* A file may have any bytes for a name, also for that of its backing file. */
    text = g_utf8_make_valid(xml, -1);
    free(xml);
    return mvm_volume_parse(text, pool, error);
}

static bool
is_unfinished(MvmPool *pool, const char *name)
{
    g_autofree char *mark = g_strconcat(name, MVM_VOLUME_PART, NULL);
    g_autoptr(virStorageVol) vol = virStorageVolLookupByName(pool->virt, mark);

    return vol != NULL;
}

MvmVolume *
mvm_volume_lookup(MvmPool *pool, const char *name, GError **error)
{
    g_autoptr(virStorageVol) vol = NULL, again = NULL;
    g_autoptr(GError) cause = NULL;
    MvmVolume *volume = NULL;

    if (!mvm_volume_check_name(name, error))
        return NULL;
    vol = mvm_pool_find_volume(pool, name);
    if (vol == NULL) {
        mvm_virt_set_error(error, "find volume '%s' in pool '%s'", name, pool->name);
        return NULL;
    }
    if (is_unfinished(pool, name)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                    "cannot find volume '%s' in pool '%s': its upload is not finished", name,
                    pool->name);
        mvm_error_set_hint(error, "run the command that was interrupted again");
        return NULL;
    }
    volume = mvm_volume_read(vol, pool->name, &cause);
    if (volume != NULL)
        return volume;
    again = mvm_pool_find_volume_again(pool, name);
    if (again != NULL)
        g_propagate_error(error, g_steal_pointer(&cause));
    else
        mvm_virt_set_error(error, "find volume '%s' in pool '%s'", name, pool->name);
    return NULL;
}

char *
mvm_volume_find_name(MvmConnection *conn, const char *path)
{
    g_autoptr(virStorageVol) vol = virStorageVolLookupByPath(conn->virt, path);

    return vol != NULL ? g_strdup(virStorageVolGetName(vol)) : NULL;
}

static void
volume_free(void *volume)
{
    mvm_volume_free(volume);
}

GPtrArray *
mvm_volume_array_new(void)
{
    return g_ptr_array_new_with_free_func(volume_free);
}

static void
note_left_out(MvmConnection *conn, const char *pool, const char *volume, const char *why)
{
    g_autofree char *text = mvm_word_printable(volume);

    mvm_connection_note(conn, "volume '%s' of pool '%s' is left out: %s", text, pool, why);
}

/* *ret_failed: how many could not be read. One that went away since it was listed is none. */
static bool
add_all(MvmConnection *conn, virStoragePoolPtr pool, bool note, GPtrArray *volumes,
        unsigned *ret_failed, GError **error)
{
    const char *name = virStoragePoolGetName(pool);
    virStorageVolPtr *vols = NULL;
    int count = virStoragePoolListAllVolumes(pool, &vols, 0);

    *ret_failed = 0;
    if (count < 0)
        return mvm_virt_set_error(error, "list the volumes of pool '%s'", name);
    for (int i = 0; i < count; i++) {
        const char *volume_name = virStorageVolGetName(vols[i]);
        g_autoptr(GError) cause = NULL;
        MvmVolume *volume = mvm_volume_read(vols[i], name, &cause);

        if (volume != NULL) /* with the marks of what is no text: it may be based on another */
            g_ptr_array_add(volumes, volume);
        if (cause != NULL && !g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND)) {
            ++*ret_failed;
            if (note)
                note_left_out(conn, name, volume_name, cause->message);
        } else if (volume != NULL && !g_utf8_validate(volume_name, -1, NULL)) {
            note_left_out(conn, name, volume_name, "its name is not UTF-8");
        }
        virStorageVolFree(vols[i]);
    }
    free(vols);
    return true;
}

bool
mvm_volume_add_all(MvmConnection *conn, virStoragePoolPtr pool, GPtrArray *volumes, GError **error)
{
    guint before = volumes->len;
    unsigned failed = 0;

    if (add_all(conn, pool, false, volumes, &failed, NULL) && failed == 0)
        return true;
    /* A file that was deleted behind libvirt's back is in its list until it looks again. */
    g_ptr_array_set_size(volumes, (int)before);
    (void)virStoragePoolRefresh(pool, 0);
    if (!add_all(conn, pool, true, volumes, &failed, error))
        return false;
    if (failed == 0 || mvm_connection_is_alive(conn))
        return true;
    return mvm_virt_set_error(error, "list the volumes of pool '%s'", virStoragePoolGetName(pool));
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp((*(MvmVolume *const *)a)->name, (*(MvmVolume *const *)b)->name);
}

/* The names of all marks of unfinished uploads. */
static GHashTable *
find_marks(GPtrArray *volumes)
{
    GHashTable *marks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < volumes->len; i++) {
        const MvmVolume *volume = volumes->pdata[i];

        if (g_str_has_suffix(volume->name, MVM_VOLUME_PART))
            g_hash_table_add(marks, g_strdup(volume->name));
    }
    return marks;
}

GPtrArray *
mvm_volume_list(MvmPool *pool, GError **error)
{
    g_autoptr(GPtrArray) volumes = mvm_volume_array_new();
    g_autoptr(GHashTable) marks = NULL;

    if (!mvm_volume_add_all(pool->conn, pool->virt, volumes, NULL)) {
        if (!mvm_pool_revive(pool, error) ||
            !mvm_volume_add_all(pool->conn, pool->virt, volumes, error))
            return NULL;
    }
    marks = find_marks(volumes);
    for (guint i = volumes->len; i-- > 0;) {
        const MvmVolume *volume = volumes->pdata[i];
        g_autofree char *mark = g_strconcat(volume->name, MVM_VOLUME_PART, NULL);

        if (g_hash_table_contains(marks, volume->name) || g_hash_table_contains(marks, mark))
            g_ptr_array_remove_index(volumes, i);
    }
    g_ptr_array_sort(volumes, compare_names);
    return g_steal_pointer(&volumes);
}

virStorageVolPtr
mvm_volume_make(MvmPool *pool, const char *name, const char *format, uint64_t capacity,
                GError **error)
{
    g_autofree char *xml = mvm_volume_new_xml(name, format, capacity);
    virStorageVolPtr vol = virStorageVolCreateXML(pool->virt, xml, 0);

    if (vol == NULL)
        mvm_virt_set_error(error, "make volume '%s' in pool '%s'", name, pool->name);
    return vol;
}

MvmVolume *
mvm_volume_create_qcow2(MvmPool *pool, const char *name, uint64_t capacity, GError **error)
{
    g_autoptr(virStorageVol) vol = NULL;

    if (!mvm_volume_check_name(name, error))
        return NULL;
    vol = mvm_volume_make(pool, name, "qcow2", capacity, error);
    return vol != NULL ? mvm_volume_read(vol, pool->name, error) : NULL;
}

/* The machine's own daemon knows whether it runs; growing a file below a running QEMU is not for
 * the storage API. */
bool
mvm_volume_check_resize(MvmPool *pool, const MvmVolume *volume, uint64_t capacity, GError **error)
{
    if (capacity < volume->capacity) {
        g_autofree char *now = mvm_size_format(volume->capacity);

        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                    "cannot resize volume '%s': it has %s already and does not shrink",
                    volume->name, now);
        return false;
    }
    return mvm_volume_check_not_running(pool, volume, "resize", error);
}

bool
mvm_volume_resize(MvmPool *pool, const char *name, uint64_t capacity, GError **error)
{
    g_autoptr(MvmVolume) volume = mvm_volume_lookup(pool, name, error);
    g_autoptr(virStorageVol) vol = NULL;

    if (volume == NULL)
        return false;
    if (capacity == volume->capacity)
        return true;
    if (!mvm_volume_check_resize(pool, volume, capacity, error))
        return false;
    vol = mvm_pool_find_volume(pool, name);
    if (vol == NULL || virStorageVolResize(vol, capacity, 0) < 0)
        return mvm_virt_set_error(error, "resize volume '%s' in pool '%s'", name, pool->name);
    return true;
}

bool
mvm_volume_remove(MvmPool *pool, const char *name, GError **error)
{
    g_autoptr(virStorageVol) vol = mvm_pool_find_volume(pool, name);

    if (vol == NULL && mvm_virt_last_code() == VIR_ERR_NO_STORAGE_VOL)
        return true;
    if (vol == NULL || virStorageVolDelete(vol, 0) < 0)
        return mvm_virt_set_error(error, "delete volume '%s' in pool '%s'", name, pool->name);
    return true;
}

bool
mvm_volume_delete(MvmPool *pool, const char *name, const char *except, GError **error)
{
    g_autofree char *mark = g_strconcat(name, MVM_VOLUME_PART, NULL);
    g_autofree char *scratch = g_strconcat(name, MVM_VOLUME_NEW, NULL);
    g_autoptr(virStorageVol) vol = NULL;
    bool marked = false;

    if (!mvm_volume_check_name(name, error))
        return false;
    marked = is_unfinished(pool, name);
    vol = mvm_pool_find_volume(pool, name);
    if (vol == NULL && (!marked || mvm_virt_last_code() != VIR_ERR_NO_STORAGE_VOL))
        return mvm_virt_set_error(error, "find volume '%s' in pool '%s'", name, pool->name);
    /* The mark goes last: until then what is left of the volume must not pass for a whole one. */
    return (vol == NULL || mvm_volume_check_unused(pool, name, except, "delete", error)) &&
           mvm_volume_remove(pool, scratch, error) && mvm_volume_remove(pool, name, error) &&
           mvm_volume_remove(pool, mark, error);
}
