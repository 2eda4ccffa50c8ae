/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The work tree of a checkout as a git tree, and its change from one tree to another.
 *
 * What the next work tree shall be is computed in the object database, where nothing can be lost.
 * Only then are files written, in one move that is noted in a journal (.git/macvm-journal) first.
 * libgit2 does not write files atomically; a move that was killed is finished from the journal by
 * the next run. Call all of this with the checkout's lock held.
 */
#pragma once

#include "util/progress.h"

#include <git2.h>
#include <glib.h>
#include <stdbool.h>

/* From the first tree, which the work tree must be in, to the second, as commit of branch. */
typedef struct {
    git_oid from;
    git_oid to;
    git_oid commit;
    const char *branch; /* short name; NULL: HEAD detached at commit */
} MvmMove;

/* Writes the tracked files as they are in the work tree, and those of extra_paths that exist, as a
 * tree. Fails with MVM_ERROR_CONFLICT when something is staged: that has no place in a work tree.
 */
bool mvm_worktree_snapshot(git_repository *repo, GPtrArray *extra_paths, git_oid *ret_tree,
                           GError **error);

/* Carries the edits that lead from base to mine over to theirs. When they touch files that theirs
 * changed as well, fails with MVM_ERROR_CONFLICT naming them; where is the checkout's path. */
bool mvm_worktree_carry_edits(git_repository *repo, const char *where, const git_oid *base,
                              const git_oid *mine, const git_oid *theirs, git_oid *ret_tree,
                              GError **error);

/* Makes the move. Where untracked or just changed files are in the way it fails with
 * MVM_ERROR_CONFLICT before anything is written. */
bool mvm_worktree_move(git_repository *repo, const MvmMove *move, MvmProgress *progress,
                       GError **error);

/* Notes that a run is at work, so that the next one knows if it was killed. */
bool mvm_worktree_begin(git_repository *repo, GError **error);

/* Takes the note away, unless a move failed half way: that one is for the next run. */
void mvm_worktree_end(git_repository *repo);

/* After a killed run: removes its locks and temporary files and finishes its move. Nothing to do
 * is success. */
bool mvm_worktree_recover(git_repository *repo, GError **error);
