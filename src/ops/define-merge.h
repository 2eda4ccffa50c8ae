/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of the domain that is there when macvm defines again. */
#pragma once

#include "machine/machine.h"
#include "ops/define-current.h"
#include "ops/define.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
    char *xml;
    bool changed; /* xml is not what current has */
    bool novel;   /* it has elements or attributes that current has not, or there is no current */
} MvmMerged;

void mvm_merged_free(MvmMerged *merged);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmMerged, mvm_merged_free)

/* Renders machine and merges it with current (may be NULL). The metadata of the result remembers
 * options and rendering. Conflicts: see mvm_define(). */
MvmMerged *mvm_define_merge(const MvmCurrent *current, const MvmMachine *machine,
                            const MvmOptions *options, const MvmDefineRequest *request,
                            GError **error);

/* The difference between current (may be NULL) and merged for people: without macvm's own metadata,
 * without the OSK. "" when there is none. The caller frees. */
char *mvm_define_diff(const MvmCurrent *current, const MvmMerged *merged, GError **error);
