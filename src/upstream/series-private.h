/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What series.c and record.c share. */
#pragma once

#include "upstream/series.h"

/* A patch file; patch is NULL when it was refused. */
typedef struct {
    char *name;
    char *key; /* the name without "@WHAT.patch": variants share it */
    char *text;
    size_t len;
    MvmPatch *patch;
    GError *refusal;
} MvmPatchEntry;

struct MvmPatchSeries {
    GPtrArray *entries; /* MvmPatchEntry, by key and name: variants stand together */
};

MvmPatchSeries *mvm_patch_series_new(void);

/* Adds a patch of that name and text, which it takes; NULL: refusal, which it takes as well, says
 * why there is none. */
void mvm_patch_series_add(MvmPatchSeries *series, const char *name, char *text, size_t len,
                          GError *refusal);

/* Puts the entries into the order in which they are applied. */
void mvm_patch_series_sort(MvmPatchSeries *series);

/* Whether it has a patch of that name and text. */
bool mvm_patch_series_has(const MvmPatchSeries *series, const MvmPatchEntry *wanted);

/* Applies patch to *tree. *ret_fits false: it does not fit and *ret_misfit, when not NULL, tells
 * why. */
bool mvm_patch_try(const MvmPatch *patch, MvmPatchDirection direction, git_repository *repo,
                   const git_oid *tree, git_oid *ret_tree, bool *ret_fits, GError **ret_misfit,
                   GError **error);
