/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fetching from upstream, and what there is to check out of it. */
#pragma once

#include "util/progress.h"

#include <git2.h>
#include <glib.h>
#include <stdbool.h>

typedef struct {
    git_oid commit;
    char *branch; /* owned; the branch's short name, NULL when a tag or a commit is pinned */
} MvmRemoteTarget;

void mvm_remote_target_clear(MvmRemoteTarget *target);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmRemoteTarget, mvm_remote_target_clear)

/* Fetches all branches and tags of url (a URL or a local path) into repo's refs/remotes/origin and
 * tells the commit of ref: a branch, a tag or a commit's hexadecimal name; NULL is the branch that
 * upstream's HEAD is on. Proxies are those of git's configuration and the environment. Nobody is
 * asked for credentials: an upstream that wants some is an error.
 * An unknown ref is MVM_ERROR_NOT_FOUND, a stop asked for by progress MVM_ERROR_CANCELLED. */
bool mvm_remote_fetch(git_repository *repo, const char *url, const char *ref, MvmProgress *progress,
                      MvmRemoteTarget *ret_target, GError **error);

/* True when commit is upstream's: reachable from a branch or tag that was fetched. */
bool mvm_remote_has_commit(git_repository *repo, const git_oid *commit);

/* The URL of repo's origin; the caller frees. NULL without error when there is none. */
char *mvm_remote_get_url(git_repository *repo);

/* Makes url repo's origin. */
bool mvm_remote_set_url(git_repository *repo, const char *url, GError **error);
