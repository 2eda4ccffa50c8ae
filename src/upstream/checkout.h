/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The user's checkout of OSX-KVM: cloned when it is missing, else brought to upstream's present
 * state by a fast-forward, and patched. Repeating it converges, also after kill -9 at any point.
 *
 * The user's own edits of tracked files stay, or the update is refused and nothing changes;
 * untracked files are never touched. Submodules are not followed, no hook is run.
 */
#pragma once

#include "upstream/series.h"
#include "util/progress.h"

#define MVM_UPSTREAM_URL "https://github.com/kholia/OSX-KVM"

typedef struct {
    const char *dir;              /* NULL: mvm_upstream_default_dir() */
    const char *url;              /* a URL or a path; NULL: the checkout's origin, or the above */
    const char *ref;              /* branch, tag or commit; NULL: where upstream's HEAD is */
    const MvmPatchSeries *series; /* the patches to put in */
    MvmProgress *progress;        /* may be NULL */
} MvmUpstreamRequest;

typedef struct {
    char *dir;          /* the checkout, canonical */
    char *url;          /* where it came from */
    char *commit;       /* what is checked out, hexadecimal */
    char *was;          /* what was checked out before; NULL for a clone */
    GPtrArray *patches; /* MvmPatchResult */
} MvmUpstreamResult;

/* Errors: MVM_ERROR_CONFLICT when another macvm is at it, when dir is something else, when history
 * has diverged, or when the user's edits are in the way; MVM_ERROR_NOT_FOUND for an unknown ref;
 * MVM_ERROR_CANCELLED; each with a hint. A patch that does not fit is no error: see
 * ret_result->patches. */
MvmUpstreamResult *mvm_upstream_sync(const MvmUpstreamRequest *request, GError **error);

void mvm_upstream_result_free(MvmUpstreamResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmUpstreamResult, mvm_upstream_result_free)
