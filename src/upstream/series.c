/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/series.h"

#include "upstream/series-private.h"
#include "util/error.h"
#include "util/file.h"

#include <string.h>

#define SUFFIX ".patch"
#define PATCHES_MAX 256

static void
entry_free(MvmPatchEntry *entry)
{
    g_free(entry->name);
    g_free(entry->key);
    g_free(entry->text);
    mvm_patch_free(entry->patch);
    g_clear_error(&entry->refusal);
    g_free(entry);
}

MvmPatchSeries *
mvm_patch_series_new(void)
{
    MvmPatchSeries *series = g_new0(MvmPatchSeries, 1);

    series->entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    return series;
}

void
mvm_patch_series_add(MvmPatchSeries *series, const char *name, char *text, size_t len,
                     GError *refusal)
{
    MvmPatchEntry *entry = g_new0(MvmPatchEntry, 1);

    entry->name = g_strdup(name);
    entry->key = g_strndup(name, strlen(name) - strlen(SUFFIX));
    entry->key[strcspn(entry->key, "@")] = '\0';
    entry->text = text;
    entry->len = len;
    entry->refusal = refusal;
    if (text != NULL)
        entry->patch = mvm_patch_parse(name, text, len, &entry->refusal);
    g_ptr_array_add(series->entries, entry);
}

static void
add_file(MvmPatchSeries *series, const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    GError *refusal = NULL;
    size_t len = 0;
    char *text = mvm_file_read(path, MVM_PATCH_MAX, &len, &refusal);

    mvm_patch_series_add(series, name, text, len, refusal);
}

static int
compare_entries(const void *a, const void *b)
{
    const MvmPatchEntry *first = *(MvmPatchEntry *const *)a;
    const MvmPatchEntry *second = *(MvmPatchEntry *const *)b;
    int order = strcmp(first->key, second->key);

    return order != 0 ? order : strcmp(first->name, second->name);
}

void
mvm_patch_series_sort(MvmPatchSeries *series)
{
    g_ptr_array_sort(series->entries, compare_entries);
}

bool
mvm_patch_series_has(const MvmPatchSeries *series, const MvmPatchEntry *wanted)
{
    for (guint i = 0; i < series->entries->len; i++) {
        const MvmPatchEntry *entry = series->entries->pdata[i];

        if (entry->text != NULL && strcmp(entry->name, wanted->name) == 0 &&
            entry->len == wanted->len && memcmp(entry->text, wanted->text, entry->len) == 0)
            return true;
    }
    return false;
}

static bool
load_folder(const char *folder, GHashTable *names, GError **error)
{
    g_autoptr(GDir) dir = folder != NULL ? g_dir_open(folder, 0, NULL) : NULL;
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        if (name[0] == '.' || !g_str_has_suffix(name, SUFFIX))
            continue;
        if (g_hash_table_size(names) >= PATCHES_MAX) {
            g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                        "cannot use the patches of '%s': more than %d", folder, PATCHES_MAX);
            return false;
        }
        g_hash_table_insert(names, g_strdup(name), g_strdup(folder));
    }
    return true;
}

MvmPatchSeries *
mvm_patch_series_load(const char *shipped_dir, const char *user_dir, GError **error)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    MvmPatchSeries *series = NULL;
    GHashTableIter iter;
    void *name = NULL, *folder = NULL;

    if (!load_folder(shipped_dir, names, error) || !load_folder(user_dir, names, error))
        return NULL;
    series = mvm_patch_series_new();
    g_hash_table_iter_init(&iter, names);
    while (g_hash_table_iter_next(&iter, &name, &folder))
        add_file(series, folder, name);
    mvm_patch_series_sort(series);
    return series;
}

void
mvm_patch_series_free(MvmPatchSeries *series)
{
    if (series == NULL)
        return;
    g_ptr_array_free(series->entries, TRUE);
    g_free(series);
}

void
mvm_patch_result_free(MvmPatchResult *result)
{
    if (result == NULL)
        return;
    g_free(result->name);
    g_free(result->message);
    g_free(result);
}

GPtrArray *
mvm_patch_series_list_paths(const MvmPatchSeries *series)
{
    GPtrArray *all = g_ptr_array_new();

    for (guint i = 0; i < series->entries->len; i++) {
        const MvmPatchEntry *entry = series->entries->pdata[i];
        g_autoptr(GPtrArray) paths = NULL;

        if (entry->patch == NULL)
            continue;
        paths = mvm_patch_list_paths(entry->patch);
        for (guint j = 0; j < paths->len; j++)
            g_ptr_array_add(all, paths->pdata[j]);
    }
    return all;
}

bool
mvm_patch_try(const MvmPatch *patch, MvmPatchDirection direction, git_repository *repo,
              const git_oid *tree, git_oid *ret_tree, bool *ret_fits, GError **ret_misfit,
              GError **error)
{
    g_autoptr(GError) cause = NULL;

    *ret_fits = mvm_patch_apply(patch, direction, repo, tree, ret_tree, &cause);
    if (*ret_fits)
        return true;
    if (!g_error_matches(cause, MVM_ERROR, MVM_ERROR_CONFLICT)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (ret_misfit != NULL && *ret_misfit == NULL)
        *ret_misfit = g_steal_pointer(&cause);
    return true;
}

/* The patches that, put in one after the other, lead from upstream's tree to a patched one: of
 * variants, whose results may be the same, the one that was made for this upstream. */
static bool
list_fitting(const MvmPatchSeries *series, git_repository *repo, const git_oid *upstream,
             GPtrArray *fitting, GError **error)
{
    git_oid tree = *upstream;
    const char *last_key = "";

    for (guint i = 0; i < series->entries->len; i++) {
        MvmPatchEntry *entry = series->entries->pdata[i];
        bool fits = false;

        if (entry->patch == NULL || strcmp(entry->key, last_key) == 0)
            continue;
        if (!mvm_patch_try(entry->patch, MVM_PATCH_FORWARD, repo, &tree, &tree, &fits, NULL, error))
            return false;
        if (fits) {
            g_ptr_array_add(fitting, entry);
            last_key = entry->key;
        }
    }
    return true;
}

bool
mvm_patch_series_take_out(const MvmPatchSeries *series, const MvmPatchSeries *done,
                          git_repository *repo, const git_oid *upstream, git_oid *tree,
                          GError **error)
{
    g_autoptr(GPtrArray) fitting = g_ptr_array_new();

    if (!list_fitting(series, repo, upstream, fitting, error))
        return false;
    for (guint i = fitting->len; i > 0; i--) {
        const MvmPatchEntry *entry = fitting->pdata[i - 1];
        bool fits = false;

        if (!mvm_patch_series_has(done, entry) &&
            !mvm_patch_try(entry->patch, MVM_PATCH_REVERSE, repo, tree, tree, &fits, NULL, error))
            return false;
    }
    return true;
}

static void
add_result(GPtrArray *results, const char *name, MvmPatchState state, const GError *cause)
{
    MvmPatchResult *result = g_new0(MvmPatchResult, 1);

    result->name = g_strdup(name);
    result->state = state;
    result->message = cause != NULL ? g_strdup(cause->message) : NULL;
    g_ptr_array_add(results, result);
}

/* Tries the variants first..end-1 in one direction; *ret_used is the one that fits, or NULL. */
static bool
try_variants(MvmPatchEntry **first, MvmPatchEntry **end, MvmPatchDirection direction,
             git_repository *repo, const git_oid *tree, git_oid *ret_tree,
             const MvmPatchEntry **ret_used, GError **ret_misfit, GError **error)
{
    *ret_used = NULL;
    for (MvmPatchEntry **entry = first; entry < end; entry++) {
        bool fits = false;

        if ((*entry)->patch == NULL)
            continue;
        if (!mvm_patch_try((*entry)->patch, direction, repo, tree, ret_tree, &fits, ret_misfit,
                           error))
            return false;
        if (fits) {
            *ret_used = *entry;
            return true;
        }
    }
    return true;
}

static bool
put_variants_in(MvmPatchEntry **first, MvmPatchEntry **end, git_repository *repo, git_oid *tree,
                GPtrArray *results, GError **error)
{
    g_autoptr(GError) misfit = NULL;
    const MvmPatchEntry *used = NULL;
    git_oid result;

    for (MvmPatchEntry **entry = first; entry < end; entry++) {
        if ((*entry)->patch == NULL)
            add_result(results, (*entry)->name, MVM_PATCH_REFUSED, (*entry)->refusal);
    }
    if (!try_variants(first, end, MVM_PATCH_REVERSE, repo, tree, &result, &used, NULL, error))
        return false;
    if (used != NULL) {
        add_result(results, used->name, MVM_PATCH_PRESENT, NULL);
        return true;
    }
    if (!try_variants(first, end, MVM_PATCH_FORWARD, repo, tree, &result, &used, &misfit, error))
        return false;
    if (used != NULL) {
        git_oid_cpy(tree, &result);
        add_result(results, used->name, MVM_PATCH_APPLIED, NULL);
    } else if (misfit != NULL) {
        add_result(results, (*first)->name, MVM_PATCH_CONFLICT, misfit);
    }
    return true;
}

bool
mvm_patch_series_put_in(const MvmPatchSeries *series, git_repository *repo, git_oid *tree,
                        GPtrArray *results, GError **error)
{
    MvmPatchEntry **entry = (MvmPatchEntry **)series->entries->pdata;
    MvmPatchEntry **all_end = entry + series->entries->len;

    while (entry < all_end) {
        MvmPatchEntry **end = entry + 1;

        while (end < all_end && strcmp((*end)->key, (*entry)->key) == 0)
            end++;
        if (!put_variants_in(entry, end, repo, tree, results, error))
            return false;
        entry = end;
    }
    return true;
}
