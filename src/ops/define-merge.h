/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The domain that is there, and what becomes of it when macvm defines again. */
#pragma once

#include "machine/machine.h"
#include "ops/define.h"
#include "ops/images.h"
#include "virt/metadata.h"

#include <glib.h>
#include <libxml/tree.h>
#include <stdbool.h>

typedef struct {
    char *xml;    /* as libvirt gave it */
    xmlDoc *doc;  /* the same, parsed */
    xmlDoc *base; /* the last rendering; NULL when the metadata has none */
    MvmMetadata *metadata;
    MvmHadImage opencore, recovery, system;
    char *uuid;
    char *mac;  /* of the machine's network card; NULL when it has none */
    char *type; /* "kvm" or "qemu" */
    char *osk;  /* what isa-applesmc has; NULL without one; a secret */
} MvmCurrent;

/* The macvm machine called name; NULL there when no such domain exists. A domain that macvm did not
 * make is MVM_ERROR_CONFLICT. */
bool mvm_current_load(MvmConnection *conn, const char *name, MvmCurrent **ret_current,
                      GError **error);
void mvm_current_free(MvmCurrent *current);

/* Puts the options that were once asked for over options. Those of a newer macvm are passed over.
 */
bool mvm_current_add_options(const MvmCurrent *current, MvmOptions *options, GError **error);

typedef struct {
    char *xml;
    bool changed; /* xml is not what current has */
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
