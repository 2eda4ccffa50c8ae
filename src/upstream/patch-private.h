/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What patch.c and patch-place.c share. */
#pragma once

#include "upstream/patch.h"

struct MvmPatch {
    char *name;
    git_diff *diff; /* parsed, every path and mode checked */
};

/* A file of the patch in the direction wanted: borrowed from the diff. mode 0: no such file on
 * that side. */
typedef struct {
    const char *path;
    unsigned old_mode;
    unsigned new_mode;
} MvmPatchFile;

MvmPatchFile mvm_patch_get_file(const MvmPatch *patch, size_t index, MvmPatchDirection direction);
