/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trees made from the work tree and from each other; writes to the object database only. */
#include "upstream/git.h"
#include "upstream/worktree.h"

#include <string.h>
#include <sys/stat.h>

/* How many files a message names. */
#define NAMED_MAX 5

/* Adds the work tree's file at path to index, with mode. */
static bool
add_from_workdir(git_repository *repo, git_index *index, const char *path, unsigned mode,
                 GError **error)
{
    git_index_entry entry = {.path = path, .mode = mode};

    if (git_blob_create_from_workdir(&entry.id, repo, path) < 0 || git_index_add(index, &entry) < 0)
        return mvm_git_set_error(error, "read", path);
    return true;
}

static bool
add_edits(git_repository *repo, git_index *index, git_diff *diff, GError **error)
{
    for (size_t i = 0; i < git_diff_num_deltas(diff); i++) {
        const git_diff_delta *delta = git_diff_get_delta(diff, i);
        const char *path = delta->old_file.path;

        if (delta->status == GIT_DELTA_DELETED) {
            if (git_index_remove(index, path, 0) < 0)
                return mvm_git_set_error(error, "read", path);
        } else if (!add_from_workdir(repo, index, path, delta->new_file.mode, error)) {
            return false;
        }
    }
    return true;
}

static bool
add_extra(git_repository *repo, git_index *index, GPtrArray *paths, GError **error)
{
    for (guint i = 0; i < paths->len; i++) {
        g_autofree char *file =
            g_build_filename(git_repository_workdir(repo), paths->pdata[i], NULL);
        struct stat st = {0};

        if (git_index_get_bypath(index, paths->pdata[i], 0) != NULL || lstat(file, &st) < 0 ||
            !S_ISREG(st.st_mode))
            continue;
        if (!add_from_workdir(repo, index, paths->pdata[i],
                              (st.st_mode & S_IXUSR) != 0 ? GIT_FILEMODE_BLOB_EXECUTABLE
                                                          : GIT_FILEMODE_BLOB,
                              error))
            return false;
    }
    return true;
}

/* HEAD's tree; NULL and true when there is no commit yet. */
static bool
read_head_tree(git_repository *repo, git_tree **ret_tree, GError **error)
{
    g_autoptr(git_object) object = NULL;
    int rc = git_revparse_single(&object, repo, "HEAD^{tree}");

    if (rc < 0 && rc != GIT_ENOTFOUND)
        return mvm_git_set_error(error, "read", "HEAD");
    *ret_tree = (git_tree *)g_steal_pointer(&object);
    return true;
}

static bool
check_nothing_staged(git_repository *repo, git_tree *head, git_index *index, GError **error)
{
    g_autoptr(git_diff) staged = NULL;

    if (git_diff_tree_to_index(&staged, repo, head, index, NULL) < 0)
        return mvm_git_set_error(error, "read", git_repository_workdir(repo));
    if (git_diff_num_deltas(staged) == 0)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot update '%s': '%s' is staged for a commit", git_repository_workdir(repo),
                git_diff_get_delta(staged, 0)->new_file.path);
    mvm_error_set_hint(error, "unstage it with 'git -C %s reset'; your files stay as they are",
                       git_repository_workdir(repo));
    return false;
}

bool
mvm_worktree_snapshot(git_repository *repo, GPtrArray *extra_paths, git_oid *ret_tree,
                      GError **error)
{
    git_diff_options options;
    g_autoptr(git_tree) head = NULL;
    g_autoptr(git_index) index = NULL;
    g_autoptr(git_index) copy = NULL;
    g_autoptr(git_diff) diff = NULL;

    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_SKIP_BINARY_CHECK | GIT_DIFF_UPDATE_INDEX;
    options.ignore_submodules = GIT_SUBMODULE_IGNORE_ALL;
    if (!read_head_tree(repo, &head, error))
        return false;
    if (git_repository_index(&index, repo) < 0 || git_index_read(index, 1) < 0 ||
        git_index_new(&copy) < 0 || (head != NULL && git_index_read_tree(copy, head) < 0))
        return mvm_git_set_error(error, "read", git_repository_workdir(repo));
    if (!check_nothing_staged(repo, head, index, error))
        return false;
    if (git_diff_index_to_workdir(&diff, repo, index, &options) < 0)
        return mvm_git_set_error(error, "read", git_repository_workdir(repo));
    if (!add_edits(repo, copy, diff, error) || !add_extra(repo, copy, extra_paths, error))
        return false;
    if (git_index_write_tree_to(ret_tree, copy, repo) < 0)
        return mvm_git_set_error(error, "read", git_repository_workdir(repo));
    return true;
}

/* The entry at path; an all-zero id when there is none. */
static git_index_entry
entry_of(const git_tree *tree, const char *path)
{
    git_index_entry entry = {.path = path};
    g_autoptr(git_tree_entry) found = NULL;

    if (git_tree_entry_bypath(&found, tree, path) == 0) {
        entry.mode = git_tree_entry_filemode(found);
        git_oid_cpy(&entry.id, git_tree_entry_id(found));
    }
    return entry;
}

static bool
same_entry(const git_index_entry *a, const git_index_entry *b)
{
    return a->mode == b->mode && git_oid_equal(&a->id, &b->id);
}

static bool
set_edits_error(const char *where, const GPtrArray *paths, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < paths->len && i < NAMED_MAX; i++)
        g_string_append_printf(names, "%s'%s'", i > 0 ? ", " : "", (char *)paths->pdata[i]);
    if (paths->len > NAMED_MAX)
        g_string_append_printf(names, " and %u more", paths->len - NAMED_MAX);
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot update '%s': upstream changed what you edited: %s", where, names->str);
    mvm_error_set_hint(error,
                       "keep your edits as a patch ('git -C %s diff > my.patch'), undo them "
                       "('git -C %s checkout -- FILE'), run this again; nothing was changed",
                       where, where);
    return false;
}

bool
mvm_worktree_carry_edits(git_repository *repo, const char *where, const git_oid *base,
                         const git_oid *mine, const git_oid *theirs, git_oid *ret_tree,
                         GError **error)
{
    g_autoptr(git_tree) base_tree = NULL;
    g_autoptr(git_tree) mine_tree = NULL;
    g_autoptr(git_tree) theirs_tree = NULL;
    g_autoptr(git_index) index = NULL;
    g_autoptr(git_diff) edits = NULL;
    g_autoptr(GPtrArray) conflicts = g_ptr_array_new();

    if (git_tree_lookup(&base_tree, repo, base) < 0 ||
        git_tree_lookup(&mine_tree, repo, mine) < 0 ||
        git_tree_lookup(&theirs_tree, repo, theirs) < 0 || git_index_new(&index) < 0 ||
        git_index_read_tree(index, theirs_tree) < 0 ||
        git_diff_tree_to_tree(&edits, repo, base_tree, mine_tree, NULL) < 0)
        return mvm_git_set_error(error, "read", where);
    for (size_t i = 0; i < git_diff_num_deltas(edits); i++) {
        const char *path = git_diff_get_delta(edits, i)->new_file.path;
        git_index_entry was = entry_of(base_tree, path);
        git_index_entry now = entry_of(mine_tree, path);
        git_index_entry next = entry_of(theirs_tree, path);

        if (same_entry(&now, &next))
            continue;
        if (!same_entry(&was, &next))
            g_ptr_array_add(conflicts, (char *)path);
        else if ((now.mode != 0 ? git_index_add(index, &now) : git_index_remove(index, path, 0)) <
                 0)
            return mvm_git_set_error(error, "read", path);
    }
    if (conflicts->len > 0)
        return set_edits_error(where, conflicts, error);
    if (git_index_write_tree_to(ret_tree, index, repo) < 0)
        return mvm_git_set_error(error, "update", where);
    return true;
}
