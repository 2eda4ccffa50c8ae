/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which patches are in a checkout, as they were put in: refs/macvm/patches leads to a tree of their
 * texts. A patch that macvm or the user changed or removed since is taken out by it; without it,
 * what it did to the files would count as the user's own edits.
 */
#pragma once

#include "upstream/series.h"

/* Takes the patches of the record out of *tree, whose files came from upstream, a tree, and when it
 * moves, also what else of series is in it but not in upstream's. When it does not, they are taken
 * out only if one of them is not in series any more as it was put in. What cannot be taken out
 * stays. */
bool mvm_patch_record_take_out(git_repository *repo, const MvmPatchSeries *series,
                               const git_oid *upstream, bool moves, git_oid *tree, GError **error);

/* Notes those of series that results tell to be in, but for what is in upstream's own tree. The
 * record is a comfort: that it cannot be written is no failure. */
void mvm_patch_record_write(git_repository *repo, const MvmPatchSeries *series,
                            const GPtrArray *results, const git_oid *upstream);
