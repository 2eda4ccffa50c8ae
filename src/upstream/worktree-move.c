/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one place that writes to the work tree, moves HEAD and writes the index. */
#include "upstream/git.h"
#include "upstream/journal.h"
#include "upstream/worktree.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* How many files a message names. */
#define NAMED_MAX 5

static int
collect_conflict(git_checkout_notify_t why, const char *path, const git_diff_file *baseline,
                 const git_diff_file *target, const git_diff_file *workdir, void *opaque)
{
    g_ptr_array_add(opaque, g_strdup(path));
    return 0;
}

static void
tell_progress(const char *path, size_t done, size_t total, void *opaque)
{
    /* Stopping here would leave half a checkout: the answer comes too late to be asked for. */
    (void)mvm_progress_update(opaque, "Checking out (files)", done, total, NULL);
}

static void
init_options(git_checkout_options *options, git_tree *baseline)
{
    git_checkout_options_init(options, GIT_CHECKOUT_OPTIONS_VERSION);
    options->baseline = baseline;
    options->checkout_strategy = GIT_CHECKOUT_SAFE | GIT_CHECKOUT_RECREATE_MISSING |
                                 GIT_CHECKOUT_DONT_UPDATE_INDEX |
                                 GIT_CHECKOUT_DONT_OVERWRITE_IGNORED;
}

static bool
set_conflict_error(git_repository *repo, const GPtrArray *paths, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < paths->len && i < NAMED_MAX; i++)
        g_string_append_printf(names, "%s'%s'", i > 0 ? ", " : "", (char *)paths->pdata[i]);
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot update '%s': files of yours are in the way: %s",
                git_repository_workdir(repo), names->str);
    mvm_error_set_hint(error, "move them elsewhere and run this again; nothing was changed");
    return false;
}

/* Finds what would be overwritten, and writes nothing. */
static bool
rehearse(git_repository *repo, git_tree *from, git_tree *to, GError **error)
{
    g_autoptr(GPtrArray) conflicts = g_ptr_array_new_with_free_func(g_free);
    git_checkout_options options;

    init_options(&options, from);
    options.checkout_strategy |= GIT_CHECKOUT_DRY_RUN;
    options.notify_flags = GIT_CHECKOUT_NOTIFY_CONFLICT;
    options.notify_cb = collect_conflict;
    options.notify_payload = conflicts;
    if (git_checkout_tree(repo, (git_object *)to, &options) == 0)
        return true;
    if (conflicts->len > 0)
        return set_conflict_error(repo, conflicts, error);
    return mvm_git_set_error(error, "update", git_repository_workdir(repo));
}

/* HEAD, the branch and the index, after the files. */
static bool
settle(git_repository *repo, const MvmMove *move, GError **error)
{
    g_autofree char *name =
        move->branch != NULL ? g_strconcat("refs/heads/", move->branch, NULL) : NULL;
    g_autoptr(git_reference) branch = NULL;
    g_autoptr(git_commit) commit = NULL;
    g_autoptr(git_tree) tree = NULL;
    g_autoptr(git_index) index = NULL;

    if (git_commit_lookup(&commit, repo, &move->commit) < 0 || git_commit_tree(&tree, commit) < 0 ||
        git_repository_index(&index, repo) < 0 || git_index_read_tree(index, tree) < 0 ||
        git_index_write(index) < 0)
        return mvm_git_set_error(error, "update", git_repository_workdir(repo));
    if (name == NULL) {
        if (git_repository_set_head_detached(repo, &move->commit) < 0)
            return mvm_git_set_error(error, "update", "HEAD");
        return true;
    }
    if (git_reference_create(&branch, repo, name, &move->commit, 1, "macvm bootstrap") < 0 ||
        git_repository_set_head(repo, name) < 0)
        return mvm_git_set_error(error, "update", name);
    return true;
}

bool
mvm_worktree_move(git_repository *repo, const MvmMove *move, MvmProgress *progress, GError **error)
{
    g_autoptr(git_tree) from = NULL;
    g_autoptr(git_tree) to = NULL;
    git_checkout_options options;

    if (git_tree_lookup(&from, repo, &move->from) < 0 || git_tree_lookup(&to, repo, &move->to) < 0)
        return mvm_git_set_error(error, "read", git_repository_workdir(repo));
    if (!rehearse(repo, from, to, error) || !mvm_journal_write(repo, move, error))
        return false;
    init_options(&options, from);
    options.progress_cb = tell_progress;
    options.progress_payload = progress;
    if (git_checkout_tree(repo, (git_object *)to, &options) < 0)
        mvm_git_set_error(error, "update", git_repository_workdir(repo));
    else if (settle(repo, move, error) && mvm_journal_write(repo, NULL, error))
        return true;
    mvm_error_set_hint(error, "mend that and run this again: it goes on where it stopped");
    return false;
}

/* True when the file's content is the beginning of the blob: what a killed checkout leaves. */
static bool
is_beginning_of(git_repository *repo, const char *file, size_t len, const git_oid *id)
{
    g_autoptr(git_blob) blob = NULL;
    g_autofree char *text = NULL;
    gsize text_len = 0;

    return git_blob_lookup(&blob, repo, id) == 0 && len <= git_blob_rawsize(blob) &&
           g_file_get_contents(file, &text, &text_len, NULL) &&
           text_len <= git_blob_rawsize(blob) &&
           memcmp(text, git_blob_rawcontent(blob), text_len) == 0;
}

/* True when path is as before the move, as after it, or half written: not touched by others. */
static bool
is_ours(git_repository *repo, const git_diff_delta *delta)
{
    g_autofree char *file =
        g_build_filename(git_repository_workdir(repo), delta->new_file.path, NULL);
    struct stat st = {0};
    git_oid id;

    if (lstat(file, &st) < 0)
        return errno == ENOENT || errno == ENOTDIR;
    if (!S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) || delta->old_file.mode == GIT_FILEMODE_LINK ||
               delta->new_file.mode == GIT_FILEMODE_LINK;
    if (git_repository_hashfile(&id, repo, delta->new_file.path, GIT_OBJECT_BLOB, NULL) == 0 &&
        (git_oid_equal(&id, &delta->old_file.id) || git_oid_equal(&id, &delta->new_file.id)))
        return true;
    return delta->status != GIT_DELTA_DELETED &&
           is_beginning_of(repo, file, (size_t)st.st_size, &delta->new_file.id);
}

static bool
check_ours(git_repository *repo, git_diff *diff, GError **error)
{
    for (size_t i = 0; i < git_diff_num_deltas(diff); i++) {
        const git_diff_delta *delta = git_diff_get_delta(diff, i);

        if (is_ours(repo, delta))
            continue;
        g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                    "cannot finish the interrupted update of '%s': '%s' was edited since",
                    git_repository_workdir(repo), delta->new_file.path);
        mvm_error_set_hint(error, "move that file elsewhere and run this again");
        return false;
    }
    return true;
}

/* Takes up a journaled move again: writes, without asking, exactly the files it is about. */
static bool
finish_move(git_repository *repo, const MvmMove *move, GError **error)
{
    g_autoptr(git_tree) from = NULL;
    g_autoptr(git_tree) to = NULL;
    g_autoptr(git_diff) diff = NULL;
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    git_checkout_options options;

    if (git_tree_lookup(&from, repo, &move->from) < 0 ||
        git_tree_lookup(&to, repo, &move->to) < 0 ||
        git_diff_tree_to_tree(&diff, repo, from, to, NULL) < 0)
        return mvm_git_set_error(error, "read", git_repository_workdir(repo));
    if (!check_ours(repo, diff, error))
        return false;
    for (size_t i = 0; i < git_diff_num_deltas(diff); i++)
        g_ptr_array_add(paths, (char *)git_diff_get_delta(diff, i)->new_file.path);
    init_options(&options, from);
    options.checkout_strategy =
        GIT_CHECKOUT_FORCE | GIT_CHECKOUT_DISABLE_PATHSPEC_MATCH | GIT_CHECKOUT_DONT_UPDATE_INDEX;
    options.paths.strings = (char **)paths->pdata;
    options.paths.count = paths->len;
    if (paths->len > 0 && git_checkout_tree(repo, (git_object *)to, &options) < 0)
        return mvm_git_set_error(error, "update", git_repository_workdir(repo));
    return settle(repo, move, error);
}

bool
mvm_worktree_begin(git_repository *repo, GError **error)
{
    return mvm_journal_write(repo, NULL, error);
}

void
mvm_worktree_end(git_repository *repo)
{
    g_autofree char *branch = NULL;
    MvmMove move = {0};
    bool has_move = true;

    if (mvm_journal_read(repo, &move, &branch, &has_move, NULL) && !has_move)
        mvm_journal_remove(repo);
}

bool
mvm_worktree_recover(git_repository *repo, GError **error)
{
    g_autofree char *branch = NULL;
    MvmMove move = {0};
    bool has_move = false;

    if (!mvm_journal_exists(repo))
        return true;
    mvm_journal_sweep(repo);
    if (!mvm_journal_read(repo, &move, &branch, &has_move, error))
        return false;
    if (has_move && !finish_move(repo, &move, error))
        return false;
    mvm_journal_remove(repo);
    return true;
}
