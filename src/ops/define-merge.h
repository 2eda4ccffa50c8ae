/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of the domain that is there when macvm defines again. */
#pragma once

#include "machine/machine.h"
#include "ops/define-current.h"
#include "ops/define.h"
#include "ops/unfit.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
    char *xml;
    bool changed; /* xml is not what current has */
    bool novel;   /* it has elements or attributes that current has not, or there is no current */
    xmlDoc *rendered;   /* owned */
    GPtrArray *remarks; /* what it does beyond what is asked for, as sentences; owned */
} MvmMerged;

void mvm_merged_free(MvmMerged *merged);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmMerged, mvm_merged_free)

/* Renders machine and merges it with current (may be NULL); what is unfit of that is moved. The
 * metadata of the result remembers options and rendering. Conflicts: see mvm_define(). */
MvmMerged *mvm_define_merge(const MvmCurrent *current, const MvmMachine *machine,
                            const MvmUnfit *unfit, const MvmOptions *options,
                            const MvmDefineRequest *request, GError **error);

/* The user's own edits of current, in "path: was X, is Y"; empty without a last rendering to
 * compare with. The caller frees. */
GPtrArray *mvm_define_list_edits(const MvmCurrent *current);

/* What of request did not become so in xml, which is what libvirt has of the machine by now; as
 * sentences. The caller frees. */
GPtrArray *mvm_define_list_missed(const MvmMerged *merged, const MvmDefineRequest *request,
                                  const char *xml);

/* The difference between current (may be NULL) and merged for people: without macvm's own metadata,
 * without the OSK. "" when there is none. The caller frees. */
char *mvm_define_diff(const MvmCurrent *current, const MvmMerged *merged, GError **error);
