/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every user of libgit2 in this folder needs: its start, its errors, its owners. */
#pragma once

#include "util/error.h"

#include <git2.h>
#include <glib.h>
#include <stdbool.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_blob, git_blob_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_commit, git_commit_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_diff, git_diff_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_index, git_index_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_object, git_object_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_patch, git_patch_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_reference, git_reference_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_remote, git_remote_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_repository, git_repository_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_tree, git_tree_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_tree_entry, git_tree_entry_free)

/* Starts libgit2 on the first call; from any thread. */
bool mvm_git_init(GError **error);

/* Sets "cannot <verb> '<object>': <libgit2's message>" from the last error of this thread, so call
 * it before anything else of libgit2. Always returns false. */
bool mvm_git_set_error(GError **error, const char *verb, const char *object);
