/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All patches for a checkout: those that macvm ships and those of the user's, in the order of their
 * names; a user's patch takes the place of a shipped one of the same name.
 *
 * NAME.patch may have variants, NAME@WHAT.patch, for other states of upstream's files: the first
 * of them that fits is used, and they count as one patch.
 */
#pragma once

#include "upstream/patch.h"

typedef enum {
    MVM_PATCH_APPLIED,  /* is in now */
    MVM_PATCH_PRESENT,  /* was in before */
    MVM_PATCH_CONFLICT, /* does not fit; nothing of it is in */
    MVM_PATCH_REFUSED,  /* cannot be read, or is not a patch that macvm applies */
} MvmPatchState;

typedef struct {
    char *name; /* of the file, e.g. "OpenCore-Boot.sh.patch" */
    MvmPatchState state;
    char *message; /* why, for a conflict and a refusal; else NULL */
} MvmPatchResult;

void mvm_patch_result_free(MvmPatchResult *result);

typedef struct MvmPatchSeries MvmPatchSeries;

/* Reads the *.patch files of both folders; either may be NULL or missing. A bad patch does not
 * fail this: it is reported by mvm_patch_series_put_in(). */
MvmPatchSeries *mvm_patch_series_load(const char *shipped_dir, const char *user_dir,
                                      GError **error);
void mvm_patch_series_free(MvmPatchSeries *series);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmPatchSeries, mvm_patch_series_free)

/* The files touched by any of them; borrowed from series, the array is the caller's. */
GPtrArray *mvm_patch_series_list_paths(const MvmPatchSeries *series);

/* Takes those patches out of *tree that are in it but not in upstream's own tree, from which the
 * user's work tree came, and not in done: those are out already. */
bool mvm_patch_series_take_out(const MvmPatchSeries *series, const MvmPatchSeries *done,
                               git_repository *repo, const git_oid *upstream, git_oid *tree,
                               GError **error);

/* Puts all into *tree that fit, and appends a MvmPatchResult for each to results. Fails only when
 * the repository cannot be read or written. */
bool mvm_patch_series_put_in(const MvmPatchSeries *series, git_repository *repo, git_oid *tree,
                             GPtrArray *results, GError **error);
