/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/patch.h"

#include "upstream/git.h"
#include "upstream/patch-private.h"
#include "upstream/patch-text.h"

#include <string.h>

#define FILES_MAX 256

static bool
refuse(const char *name, const char *path, const char *cause, GError **error)
{
    g_autofree char *shown = path != NULL ? g_strescape(path, NULL) : NULL;

    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot use the patch '%s': %s%s%s%s", name,
                cause, shown != NULL ? " '" : "", shown != NULL ? shown : "",
                shown != NULL ? "'" : "");
    return false;
}

/* True for a relative path that stays in the work tree and out of git's own folder, also on file
 * systems that fold case, and that needs no quotes in a patch. */
static bool
is_safe_path(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);

    for (const char *c = path; *c != '\0'; c++) {
        if (g_ascii_iscntrl(*c) || *c == '"' || *c == '\\')
            return false;
    }
    for (char **part = parts; *part != NULL; part++) {
        if (**part == '\0' || strcmp(*part, ".") == 0 || strcmp(*part, "..") == 0 ||
            g_ascii_strcasecmp(*part, ".git") == 0 || g_ascii_strcasecmp(*part, "git~1") == 0)
            return false;
    }
    return parts[0] != NULL;
}

static bool
is_regular(unsigned mode)
{
    return mode == 0 || mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE;
}

static bool
check_delta(const char *name, const git_diff_delta *delta, GError **error)
{
    const char *path = delta->new_file.path != NULL ? delta->new_file.path : delta->old_file.path;

    if (path == NULL || !is_safe_path(path))
        return refuse(name, path, "it names the path", error);
    if (delta->status == GIT_DELTA_RENAMED || delta->status == GIT_DELTA_COPIED ||
        (delta->old_file.path != NULL && strcmp(delta->old_file.path, path) != 0))
        return refuse(name, path, "it renames or copies", error);
    if ((delta->flags & GIT_DIFF_FLAG_BINARY) != 0)
        return refuse(name, path, "it has binary content for", error);
    if (!is_regular(delta->old_file.mode) || !is_regular(delta->new_file.mode))
        return refuse(name, path, "it makes something other than a regular file of", error);
    return true;
}

static bool
check_diff(const char *name, git_diff *diff, GError **error)
{
    size_t count = git_diff_num_deltas(diff);

    if (count == 0)
        return refuse(name, NULL, "it changes nothing", error);
    if (count > FILES_MAX)
        return refuse(name, NULL, "it changes more than 256 files", error);
    for (size_t i = 0; i < count; i++) {
        if (!check_delta(name, git_diff_get_delta(diff, i), error))
            return false;
    }
    return true;
}

MvmPatch *
mvm_patch_parse(const char *name, const char *data, size_t len, GError **error)
{
    g_autoptr(git_diff) diff = NULL;
    g_autofree char *text = NULL;
    g_autofree char *bad = NULL;
    MvmPatch *patch = NULL;

    if (!mvm_git_init(error))
        return NULL;
    if (len > MVM_PATCH_MAX) {
        refuse(name, NULL, "it is larger than 1 MiB", error);
        return NULL;
    }
    if (memchr(data, '\0', len) != NULL) {
        refuse(name, NULL, "it is not text", error);
        return NULL;
    }
    text = mvm_patch_text_normalise(data, len, &bad);
    if (text == NULL) {
        refuse(name, bad,
               g_str_has_prefix(bad, "rename ") || g_str_has_prefix(bad, "copy ")
                   ? "it has the header"
                   : "it names the path",
               error);
        return NULL;
    }
    if (git_diff_from_buffer(&diff, text, strlen(text)) < 0) {
        mvm_git_set_error(error, "use the patch", name);
        return NULL;
    }
    if (!check_diff(name, diff, error))
        return NULL;
    patch = g_new0(MvmPatch, 1);
    patch->name = g_strdup(name);
    patch->diff = g_steal_pointer(&diff);
    return patch;
}

void
mvm_patch_free(MvmPatch *patch)
{
    if (patch == NULL)
        return;
    git_diff_free(patch->diff);
    g_free(patch->name);
    g_free(patch);
}

MvmPatchFile
mvm_patch_get_file(const MvmPatch *patch, size_t index, MvmPatchDirection direction)
{
    const git_diff_delta *delta = git_diff_get_delta(patch->diff, index);
    const git_diff_file *old_file = &delta->old_file;
    const git_diff_file *new_file = &delta->new_file;
    MvmPatchFile file = {.path = new_file->path != NULL ? new_file->path : old_file->path};

    /* A diff without git's headers has no modes; those of the file at hand stay then. */
    file.old_mode = delta->status == GIT_DELTA_ADDED ? 0 : MAX(old_file->mode, 1U);
    file.new_mode = delta->status == GIT_DELTA_DELETED ? 0 : MAX(new_file->mode, 1U);
    if (direction == MVM_PATCH_REVERSE) {
        unsigned mode = file.old_mode;

        file.old_mode = file.new_mode;
        file.new_mode = mode;
    }
    return file;
}

GPtrArray *
mvm_patch_list_paths(const MvmPatch *patch)
{
    GPtrArray *paths = g_ptr_array_new();

    for (size_t i = 0; i < git_diff_num_deltas(patch->diff); i++)
        g_ptr_array_add(paths, (char *)mvm_patch_get_file(patch, i, MVM_PATCH_FORWARD).path);
    return paths;
}

typedef struct {
    git_repository *repo;
    git_tree *tree;
} TreeReader;

static bool
read_from_tree(const char *path, char **ret_text, size_t *ret_len, void *opaque, GError **error)
{
    const TreeReader *reader = opaque;
    g_autoptr(git_tree_entry) entry = NULL;
    g_autoptr(git_blob) blob = NULL;

    if (git_tree_entry_bypath(&entry, reader->tree, path) < 0 ||
        git_tree_entry_type(entry) != GIT_OBJECT_BLOB)
        return true;
    if (git_blob_lookup(&blob, reader->repo, git_tree_entry_id(entry)) < 0)
        return mvm_git_set_error(error, "read", path);
    *ret_len = git_blob_rawsize(blob);
    *ret_text = g_memdup2(git_blob_rawcontent(blob), *ret_len);
    if (*ret_text == NULL) /* g_memdup2() gives NULL for nothing */
        *ret_text = g_strdup("");
    return true;
}

/* libgit2 makes a file 0644 where the patch does not tell its mode. Puts the modes of preimage back
 * for all files whose mode the patch does not change. */
static bool
keep_modes(const MvmPatch *patch, git_index *index, const git_tree *preimage, GError **error)
{
    for (size_t i = 0; i < git_diff_num_deltas(patch->diff); i++) {
        MvmPatchFile file = mvm_patch_get_file(patch, i, MVM_PATCH_FORWARD);
        const git_index_entry *found = git_index_get_bypath(index, file.path, 0);
        g_autoptr(git_tree_entry) before = NULL;
        git_index_entry entry = {0};

        if (file.old_mode != file.new_mode || found == NULL ||
            git_tree_entry_bypath(&before, preimage, file.path) < 0)
            continue;
        entry = *found;
        entry.path = file.path;
        entry.mode = git_tree_entry_filemode(before);
        if (git_index_add(index, &entry) < 0)
            return mvm_git_set_error(error, "apply the patch", patch->name);
    }
    return true;
}

bool
mvm_patch_apply(const MvmPatch *patch, MvmPatchDirection direction, git_repository *repo,
                const git_oid *tree, git_oid *ret_tree, GError **error)
{
    TreeReader reader = {.repo = repo};
    g_autoptr(git_tree) preimage = NULL;
    g_autoptr(git_diff) diff = NULL;
    g_autoptr(git_index) index = NULL;
    g_autofree char *text = NULL;
    git_oid result;

    if (git_tree_lookup(&preimage, repo, tree) < 0)
        return mvm_git_set_error(error, "read", patch->name);
    reader.tree = preimage;
    text = mvm_patch_place(patch, direction, read_from_tree, &reader, error);
    if (text == NULL)
        return false;
    if (git_diff_from_buffer(&diff, text, strlen(text)) < 0 ||
        git_apply_to_tree(&index, repo, preimage, diff, NULL) < 0)
        return mvm_git_set_error(error, "apply the patch", patch->name);
    if (!keep_modes(patch, index, preimage, error))
        return false;
    if (git_index_write_tree_to(&result, index, repo) < 0)
        return mvm_git_set_error(error, "apply the patch", patch->name);
    git_oid_cpy(ret_tree, &result);
    return true;
}
