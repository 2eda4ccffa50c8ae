/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/checkout.h"

#include "upstream/git.h"
#include "upstream/record.h"
#include "upstream/remote.h"
#include "upstream/roles.h"
#include "upstream/worktree.h"
#include "util/file.h"
#include "util/lock.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Folders open at the same time while removing. */
#define REMOVE_FDS 16

/* One run. */
typedef struct {
    const MvmUpstreamRequest *request;
    char *dir;      /* owned; absolute */
    char *url;      /* owned */
    bool has_head;  /* the checkout has a commit */
    git_oid head;   /* that commit */
    git_oid target; /* the commit to check out */
    MvmUpstreamResult *result;
} Sync;

static void
sync_clear(Sync *self)
{
    g_free(self->dir);
    g_free(self->url);
    mvm_upstream_result_free(self->result);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sync, sync_clear)

void
mvm_upstream_result_free(MvmUpstreamResult *result)
{
    if (result == NULL)
        return;
    g_free(result->dir);
    g_free(result->url);
    g_free(result->commit);
    g_free(result->was);
    g_ptr_array_unref(result->patches);
    g_free(result);
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *place)
{
    return remove(path);
}

static bool
remove_tree(const char *path, GError **error)
{
    if (nftw(path, remove_entry, REMOVE_FDS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 &&
        errno != ENOENT)
        return mvm_error_set_errno(error, "remove", path);
    return true;
}

static MvmLock *
lock_checkout(const char *dir, GError **error)
{
    g_autoptr(GError) cause = NULL;
    MvmLock *lock = mvm_lock_take_dir(dir, &cause);

    if (lock != NULL)
        return lock;
    if (g_error_matches(cause, MVM_ERROR, MVM_ERROR_CONFLICT))
        mvm_error_set_hint(&cause, "wait until the other 'macvm bootstrap' has ended");
    g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

static bool
is_missing_or_empty(const char *dir)
{
    g_autoptr(GDir) listing = g_dir_open(dir, 0, NULL);

    return listing != NULL ? g_dir_read_name(listing) == NULL
                           : !g_file_test(dir, G_FILE_TEST_EXISTS);
}

static bool
set_diverged_error(const Sync *self, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot fast-forward '%s': its history and that of '%s' have diverged", self->dir,
                self->url);
    mvm_error_set_hint(error,
                       "move it away ('mv %s %s.old') and run this again, or stay at a commit of "
                       "upstream's with --ref",
                       self->dir, self->dir);
    return false;
}

/* True when going from commit to target leaves no commit of the user's behind. One that is
 * upstream's own may be left in any direction: it was pinned, or another is pinned now. */
static bool
may_leave(git_repository *repo, const git_oid *commit, const git_oid *target)
{
    return git_oid_equal(commit, target) || git_graph_descendant_of(repo, target, commit) == 1 ||
           mvm_remote_has_commit(repo, commit);
}

/* The short name of the branch that HEAD is on; NULL when it is detached. The caller frees. */
static char *
dup_head_branch(git_repository *repo)
{
    g_autoptr(git_reference) head = NULL;

    if (git_repository_head(&head, repo) < 0 || !git_reference_is_branch(head))
        return NULL;
    return g_strdup(git_reference_shorthand(head));
}

/* Decides whether HEAD and the branch may go to the target, or stay: with commits of the user's on
 * top of upstream's there is nothing to do. */
static bool
check_forward(Sync *self, git_repository *repo, MvmRemoteTarget *target, GError **error)
{
    g_autofree char *name = g_strconcat("refs/heads/", target->branch, NULL);
    git_oid branch;

    git_oid_cpy(&self->target, &target->commit);
    if (!self->has_head)
        return true;
    if (self->request->ref == NULL && !may_leave(repo, &self->head, &self->target) &&
        git_graph_descendant_of(repo, &self->head, &self->target) == 1) {
        git_oid_cpy(&self->target, &self->head);
        g_free(target->branch);
        target->branch = dup_head_branch(repo);
        return true;
    }
    if (!may_leave(repo, &self->head, &self->target) ||
        (target->branch != NULL && git_reference_name_to_id(&branch, repo, name) == 0 &&
         !may_leave(repo, &branch, &self->target)))
        return set_diverged_error(self, error);
    return true;
}

static bool
read_head(Sync *self, git_repository *repo, GError **error)
{
    int rc = git_reference_name_to_id(&self->head, repo, "HEAD");

    if (rc < 0 && rc != GIT_ENOTFOUND)
        return mvm_git_set_error(error, "read", self->dir);
    self->has_head = rc == 0;
    return true;
}

static bool
tree_of(git_repository *repo, const git_oid *commit, git_oid *ret_tree, GError **error)
{
    g_autoptr(git_commit) object = NULL;

    if (git_commit_lookup(&object, repo, commit) < 0)
        return mvm_git_set_error(error, "read", git_repository_path(repo));
    git_oid_cpy(ret_tree, git_commit_tree_id(object));
    return true;
}

/* The tree that the work tree shall become: the target's, with the user's edits and the patches.
 * Patches are taken out only where upstream moves, or where they are others now: else they stay as
 * the user has them. */
static bool
plan(Sync *self, git_repository *repo, const git_oid *from, git_oid *ret_to, GError **error)
{
    const MvmPatchSeries *series = self->request->series;
    git_oid head, target;
    git_oid tree = *from;
    bool moves = false;

    if (!tree_of(repo, &self->target, &target, error))
        return false;
    if (!self->has_head) {
        tree = target;
    } else {
        if (!tree_of(repo, &self->head, &head, error))
            return false;
        moves = !git_oid_equal(&head, &target);
        if (!mvm_patch_record_take_out(repo, series, &head, moves, &tree, error) ||
            (moves &&
             !mvm_worktree_carry_edits(repo, self->dir, &head, &tree, &target, &tree, error)))
            return false;
    }
    if (!mvm_patch_series_put_in(series, repo, &tree, self->result->patches, error))
        return false;
    git_oid_cpy(ret_to, &tree);
    return true;
}

static bool
is_done(const Sync *self, git_repository *repo, const MvmMove *move)
{
    g_autofree char *branch = dup_head_branch(repo);

    return self->has_head && git_oid_equal(&self->head, &move->commit) &&
           git_oid_equal(&move->from, &move->to) && g_strcmp0(branch, move->branch) == 0;
}

/* Brings repo, whose journal has begun, to where it shall be. */
static bool
update(Sync *self, git_repository *repo, GError **error)
{
    const MvmUpstreamRequest *request = self->request;
    g_autoptr(GPtrArray) paths = mvm_patch_series_list_paths(request->series);
    g_auto(MvmRemoteTarget) target = {0};
    MvmMove move = {0};
    git_oid upstream;

    if (!read_head(self, repo, error) ||
        !mvm_remote_fetch(repo, self->url, request->ref, request->progress, &target, error))
        return false;
    if (!check_forward(self, repo, &target, error) ||
        !mvm_worktree_snapshot(repo, paths, &move.from, error) ||
        !plan(self, repo, &move.from, &move.to, error) ||
        !mvm_remote_set_url(repo, self->url, error))
        return false;
    git_oid_cpy(&move.commit, &self->target);
    move.branch = target.branch;
    if (!is_done(self, repo, &move) && !mvm_worktree_move(repo, &move, request->progress, error))
        return false;
    if (tree_of(repo, &self->target, &upstream, NULL))
        mvm_patch_record_write(repo, request->series, self->result->patches, &upstream);
    return true;
}

static void
fill_result(Sync *self)
{
    MvmUpstreamResult *result = self->result;
    char text[GIT_OID_HEXSZ + 1] = "";

    result->dir = g_strdup(self->dir);
    result->url = g_strdup(self->url);
    result->commit = g_strdup(git_oid_tostr(text, sizeof(text), &self->target));
    if (self->has_head)
        result->was = g_strdup(git_oid_tostr(text, sizeof(text), &self->head));
}

static bool
update_existing(Sync *self, GError **error)
{
    g_autoptr(git_repository) repo = NULL;
    bool ok = false;

    if (git_repository_open_ext(&repo, self->dir, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) < 0) {
        mvm_git_set_error(error, "use", self->dir);
        if (mvm_error_get_hint(*error) != NULL)
            return false;
        (*error)->code = MVM_ERROR_CONFLICT;
        mvm_error_set_hint(error, "name another folder, or move that one away");
        return false;
    }
    if (git_repository_is_bare(repo)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                    "cannot use '%s': a bare repository has no files to use", self->dir);
        mvm_error_set_hint(error, "give it to --upstream, and name another folder for the clone");
        return false;
    }
    if (self->url == NULL)
        self->url = mvm_remote_get_url(repo);
    if (self->url == NULL)
        self->url = g_strdup(MVM_UPSTREAM_URL);
    if (!mvm_worktree_recover(repo, error) || !mvm_worktree_begin(repo, error))
        return false;
    ok = update(self, repo, error);
    mvm_worktree_end(repo);
    return ok;
}

/* Clones beside dir; the complete clone takes its place by one rename. */
static bool
clone_into(Sync *self, const char *temp, GError **error)
{
    g_autoptr(git_repository) repo = NULL;

    if (self->url == NULL)
        self->url = g_strdup(MVM_UPSTREAM_URL);
    if (git_repository_init(&repo, temp, 0) < 0)
        return mvm_git_set_error(error, "create", temp);
    if (!mvm_worktree_begin(repo, error) || !update(self, repo, error))
        return false;
    mvm_worktree_end(repo);
    if (rename(temp, self->dir) < 0)
        return mvm_error_set_errno(error, "create", self->dir);
    return true;
}

static bool
sync_locked(Sync *self, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(self->dir);
    g_autofree char *name = g_path_get_basename(self->dir);
    g_autofree char *temp = g_strdup_printf("%s/.%s.macvm-clone", folder, name);

    if (!remove_tree(temp, error)) /* of a run that was killed */
        return false;
    if (!is_missing_or_empty(self->dir))
        return update_existing(self, error);
    if (!clone_into(self, temp, error)) {
        (void)remove_tree(temp, NULL);
        return false;
    }
    return true;
}

/* A path in the file system is stored as an absolute one. */
static char *
dup_url(const char *url)
{
    return url != NULL && g_file_test(url, G_FILE_TEST_EXISTS) ? g_canonicalize_filename(url, NULL)
                                                               : g_strdup(url);
}

MvmUpstreamResult *
mvm_upstream_sync(const MvmUpstreamRequest *request, GError **error)
{
    g_auto(Sync) self = {.request = request};
    g_autofree char *fallback = request->dir == NULL ? mvm_upstream_default_dir() : NULL;
    g_autofree char *place = NULL;
    g_autofree char *folder = NULL;
    g_autoptr(GError) cause = NULL;
    g_autoptr(MvmLock) lock = NULL;

    /* The default place may be a link to the folder that was named once: that is the checkout. */
    place = request->dir == NULL ? g_file_read_link(fallback, NULL) : NULL;
    self.dir = g_canonicalize_filename(place != NULL          ? place
                                       : request->dir != NULL ? request->dir
                                                              : fallback,
                                       NULL);
    self.url = dup_url(request->url);
    self.result = g_new0(MvmUpstreamResult, 1);
    self.result->patches = g_ptr_array_new_with_free_func((GDestroyNotify)mvm_patch_result_free);
    folder = g_path_get_dirname(self.dir);
    if (!mvm_git_init(error) || !mvm_file_make_dir(folder, error))
        return NULL;
    lock = lock_checkout(self.dir, error);
    if (lock == NULL)
        return NULL;
    if (!sync_locked(&self, &cause)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    fill_result(&self);
    return g_steal_pointer(&self.result);
}
