/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/efi-folder.h"

#include "util/error.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
    char *root;         /* canonical */
    GPtrArray *entries; /* MvmEfiEntry */
    GHashTable *names;  /* as FAT compares them */
    uint64_t size;
} Walk;

static void
entry_free(void *data)
{
    MvmEfiEntry *entry = data;

    g_free(entry->name);
    g_free(entry->source);
    g_free(entry);
}

static bool
refuse(const char *path, const char *why, GError **error)
{
    g_autofree char *shown = g_strescape(path, NULL);

    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot use '%s' for the OpenCore disk: %s",
                shown, why);
    return false;
}

/* What FAT and mtools' patterns leave to names. */
static bool
is_fat_name(const char *name)
{
    return g_utf8_validate(name, -1, NULL) && strlen(name) <= 255 &&
           strpbrk(name, "\"*/:<>?\\|[]") == NULL && !g_str_has_suffix(name, ".") &&
           !g_str_has_suffix(name, " ") && !g_str_has_prefix(name, " ");
}

static bool
is_printable(const char *name)
{
    for (const char *p = name; *p != '\0'; p = g_utf8_next_char(p)) {
        if (g_unichar_iscntrl(g_utf8_get_char(p)))
            return false;
    }
    return true;
}

/* Follows a symbolic link that stays inside, and fills *st with what is there. */
static bool
follow_link(const Walk *walk, const char *path, struct stat *st, GError **error)
{
    g_autofree char *real = realpath(path, NULL);
    size_t len = strlen(walk->root);

    if (real == NULL)
        return mvm_error_set_errno(error, "read", path);
    if (strncmp(real, walk->root, len) != 0 || real[len] != '/')
        return refuse(path, "the link leads out of the folder", error);
    if (lstat(real, st) < 0)
        return mvm_error_set_errno(error, "read", path);
    return S_ISREG(st->st_mode) ||
           refuse(path, "the link leads to something else than a file", error);
}

static bool
add_entry(Walk *walk, const char *name, const char *path, const struct stat *st, GError **error)
{
    MvmEfiEntry *entry = NULL;

    if (walk->entries->len >= MVM_EFI_MAX_ENTRIES)
        return refuse(path, "too many files", error);
    if (!g_hash_table_add(walk->names, g_utf8_casefold(name, -1)))
        return refuse(path, "another file differs from it in upper and lower case alone", error);
    entry = g_new0(MvmEfiEntry, 1);
    entry->name = g_strdup(name);
    g_ptr_array_add(walk->entries, entry);
    if (S_ISDIR(st->st_mode))
        return true;
    entry->source = g_strdup(path);
    entry->size = (uint64_t)st->st_size;
    walk->size += entry->size;
    return walk->size <= (uint64_t)MVM_EFI_MAX_SIZE || refuse(path, "too much data", error);
}

static bool walk_folder(Walk *walk, const char *name, const char *path, unsigned depth,
                        GError **error);

static bool
walk_child(Walk *walk, const char *name, const char *path, unsigned depth, GError **error)
{
    g_autofree char *base = g_path_get_basename(path);
    struct stat st;

    if (!is_fat_name(base) || !is_printable(base))
        return refuse(path, "FAT has no such name", error);
    if (lstat(path, &st) < 0)
        return mvm_error_set_errno(error, "read", path);
    if (S_ISLNK(st.st_mode) && !follow_link(walk, path, &st, error))
        return false;
    if (S_ISDIR(st.st_mode))
        return walk_folder(walk, name, path, depth + 1, error);
    if (!S_ISREG(st.st_mode))
        return refuse(path, "it is neither a file nor a folder", error);
    return add_entry(walk, name, path, &st, error);
}

static bool
walk_folder(Walk *walk, const char *name, const char *path, unsigned depth, GError **error)
{
    g_autoptr(GDir) dir = NULL;
    g_autoptr(GError) cause = NULL;
    const char *child = NULL;
    struct stat st = {.st_mode = S_IFDIR};

    if (depth > MVM_EFI_MAX_DEPTH)
        return refuse(path, "too many folders in each other", error);
    dir = g_dir_open(path, 0, &cause);
    if (dir == NULL)
        return refuse(path, cause->message, error);
    if (!add_entry(walk, name, path, &st, error))
        return false;
    while ((child = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child_name = g_strconcat(name, "/", child, NULL);
        g_autofree char *child_path = g_build_filename(path, child, NULL);

        if (!walk_child(walk, child_name, child_path, depth, error))
            return false;
    }
    return true;
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp((*(MvmEfiEntry *const *)a)->name, (*(MvmEfiEntry *const *)b)->name);
}

GPtrArray *
mvm_efi_folder_list(const char *folder, GError **error)
{
    g_autofree char *root = realpath(folder, NULL);
    g_autofree char *loader = g_utf8_casefold("EFI/BOOT/BOOTX64.EFI", -1);
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Walk walk = {.root = root, .entries = entries, .names = names};

    if (root == NULL) {
        mvm_error_set_errno(error, "read", folder);
        return NULL;
    }
    if (!walk_folder(&walk, "EFI", root, 0, error))
        return NULL;
    if (!g_hash_table_contains(names, loader)) {
        refuse(folder, "no BOOT/BOOTX64.EFI in it", error);
        return NULL;
    }
    g_ptr_array_sort(entries, compare_names);
    return g_steal_pointer(&entries);
}
