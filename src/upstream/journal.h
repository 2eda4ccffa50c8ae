/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The note of a run at work in a checkout (worktree.h): a key file in git's folder. */
#pragma once

#include "upstream/worktree.h"

bool mvm_journal_exists(git_repository *repo);

/* Notes a run, and its move when that is not NULL. */
bool mvm_journal_write(git_repository *repo, const MvmMove *move, GError **error);

/* Reads the note. *ret_has_move tells whether there is a move; then *ret_branch (owned by the
 * caller, may be NULL) is what ret_move->branch points to. */
bool mvm_journal_read(git_repository *repo, MvmMove *ret_move, char **ret_branch,
                      bool *ret_has_move, GError **error);

void mvm_journal_remove(git_repository *repo);

/* Removes lock files and temporary files that a killed run left in git's folder. Best effort:
 * what stays makes libgit2 say so. */
void mvm_journal_sweep(git_repository *repo);
