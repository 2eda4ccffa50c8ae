/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/record.h"

#include "upstream/git.h"
#include "upstream/series-private.h"
#include "util/error.h"

#include <string.h>

#define REF "refs/macvm/patches"

/* The entry that tells which tree of upstream's they were put into. */
#define BASE "upstream"

/* The tree that REF leads to; NULL when there is none. */
static git_tree *
read_tree(git_repository *repo)
{
    git_object *tree = NULL;

    if (git_revparse_single(&tree, repo, REF "^{tree}") < 0)
        return NULL;
    return (git_tree *)tree;
}

/* Whether record was written for that tree of upstream's. After a run that was killed it may be
 * older: variants of a patch look the same once they are in, and must not be confused. */
static bool
is_about(git_repository *repo, const git_tree *record, const git_oid *upstream)
{
    const git_tree_entry *entry = record != NULL ? git_tree_entry_byname(record, BASE) : NULL;
    g_autoptr(git_blob) blob = NULL;

    return entry != NULL && git_blob_lookup(&blob, repo, git_tree_entry_id(entry)) == 0 &&
           git_blob_rawsize(blob) == sizeof(upstream->id) &&
           memcmp(git_blob_rawcontent(blob), upstream->id, sizeof(upstream->id)) == 0;
}

/* What was written by mvm_patch_record_write() for that tree; an empty series for anything else. */
static MvmPatchSeries *
read_series(git_repository *repo, const git_oid *upstream)
{
    MvmPatchSeries *series = mvm_patch_series_new();
    g_autoptr(git_tree) tree = read_tree(repo);

    if (!is_about(repo, tree, upstream))
        return series;
    for (size_t i = 0; i < git_tree_entrycount(tree); i++) {
        const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
        const char *name = git_tree_entry_name(entry);
        g_autoptr(git_blob) blob = NULL;
        size_t len = 0;

        if (!g_str_has_suffix(name, ".patch") ||
            git_blob_lookup(&blob, repo, git_tree_entry_id(entry)) < 0)
            continue;
        len = git_blob_rawsize(blob);
        mvm_patch_series_add(series, name, g_strndup(git_blob_rawcontent(blob), len), len, NULL);
    }
    /* A tree has them by their whole names. */
    mvm_patch_series_sort(series);
    return series;
}

static bool
is_contained(const MvmPatchSeries *record, const MvmPatchSeries *series)
{
    for (guint i = 0; i < record->entries->len; i++) {
        if (!mvm_patch_series_has(series, record->entries->pdata[i]))
            return false;
    }
    return true;
}

static bool
take_out(git_repository *repo, const MvmPatchSeries *record, git_oid *tree, GError **error)
{
    for (guint i = record->entries->len; i > 0; i--) {
        const MvmPatchEntry *entry = record->entries->pdata[i - 1];
        bool fits = false;

        if (entry->patch != NULL &&
            !mvm_patch_try(entry->patch, MVM_PATCH_REVERSE, repo, tree, tree, &fits, NULL, error))
            return false;
    }
    return true;
}

bool
mvm_patch_record_take_out(git_repository *repo, const MvmPatchSeries *series,
                          const git_oid *upstream, bool moves, git_oid *tree, GError **error)
{
    g_autoptr(MvmPatchSeries) record = read_series(repo, upstream);

    if (!moves)
        return is_contained(record, series) || take_out(repo, record, tree, error);
    return take_out(repo, record, tree, error) &&
           mvm_patch_series_take_out(series, record, repo, upstream, tree, error);
}

/* Whether result tells that the patch called name is in. */
static bool
is_put_in(const GPtrArray *results, const char *name)
{
    for (guint i = 0; i < results->len; i++) {
        const MvmPatchResult *result = results->pdata[i];

        if (strcmp(result->name, name) == 0)
            return result->state == MVM_PATCH_APPLIED || result->state == MVM_PATCH_PRESENT;
    }
    return false;
}

static bool
is_upstreams(git_repository *repo, const MvmPatch *patch, const git_oid *upstream)
{
    git_oid without;
    bool fits = false;

    return mvm_patch_try(patch, MVM_PATCH_REVERSE, repo, upstream, &without, &fits, NULL, NULL) &&
           fits;
}

static bool
add_entry(git_repository *repo, git_treebuilder *builder, const MvmPatchEntry *entry)
{
    git_oid blob;

    return git_blob_create_from_buffer(&blob, repo, entry->text, entry->len) == 0 &&
           git_treebuilder_insert(NULL, builder, entry->name, &blob, GIT_FILEMODE_BLOB) == 0;
}

void
mvm_patch_record_write(git_repository *repo, const MvmPatchSeries *series, const GPtrArray *results,
                       const git_oid *upstream)
{
    g_autoptr(git_tree) present = read_tree(repo);
    git_treebuilder *builder = NULL;
    git_reference *ref = NULL;
    git_oid tree, base;
    bool good = git_treebuilder_new(&builder, repo, NULL) == 0 &&
                git_blob_create_from_buffer(&base, repo, upstream->id, sizeof(upstream->id)) == 0 &&
                git_treebuilder_insert(NULL, builder, BASE, &base, GIT_FILEMODE_BLOB) == 0;

    for (guint i = 0; good && i < series->entries->len; i++) {
        const MvmPatchEntry *entry = series->entries->pdata[i];

        if (entry->patch != NULL && is_put_in(results, entry->name) &&
            !is_upstreams(repo, entry->patch, upstream))
            good = add_entry(repo, builder, entry);
    }
    good = good && git_treebuilder_write(&tree, builder) == 0;
    if (good && (present == NULL || !git_oid_equal(&tree, git_tree_id(present))))
        (void)git_reference_create(&ref, repo, REF, &tree, 1, "macvm bootstrap");
    git_reference_free(ref);
    git_treebuilder_free(builder);
}
