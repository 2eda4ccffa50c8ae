/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Internal to the merge: its state, and the decision about one leaf or element. */
#pragma once

#include "xml/merge-key.h"
#include "xml/merge-value.h"
#include "xml/merge.h"

typedef struct {
    MvmMergePolicy policy;
    GHashTable *forced;   /* owned set of nodes of new and base that the command line is about */
    GHashTable *forcing;  /* owned set of the elements above these */
    GPtrArray *conflicts; /* borrowed; of MvmMergeConflict */
} MvmMerge;

/* One leaf in three documents; all borrowed. */
typedef struct {
    xmlNode *node;      /* the element that has it, in new or else in base: for the path */
    const char *attr;   /* NULL: its text, or an option of the command line */
    const char *option; /* that option's key, or NULL */
    MvmValueKind kind;
    const char *base; /* the values; NULL where it is absent */
    const char *live;
    const char *new;
} MvmMergeLeaf;

/* Whether the leaf becomes new's value (which is then absent when new is NULL). Notes a conflict
 * where there is one. */
bool mvm_merge_take(MvmMerge *merge, const MvmMergeLeaf *leaf, bool forced);

/* Notes a conflict about a whole element; one of the three may be NULL. Returns whether new's
 * wins. */
bool mvm_merge_clash(MvmMerge *merge, xmlNode *base, xmlNode *live, xmlNode *new);

void mvm_merge_conflict_free(void *conflict);

/* Merges the attributes of one element that live and new have (base may be NULL). */
void mvm_merge_attributes(MvmMerge *merge, const MvmMergeTriple *at, bool forced);

/* The same for its own text, with the unit of a size. */
void mvm_merge_own_text(MvmMerge *merge, const MvmMergeTriple *at, bool forced);

/* Replaces the element's own text (and the unit of a size) by that of new; children stay. */
void mvm_merge_set_text(xmlNode *live, xmlNode *new);

/* Puts a copy of node into live_parent, behind the sibling after or, when that is NULL, at the end.
 * deep: with what is below it. Returns the copy. */
xmlNode *mvm_merge_insert(xmlNode *live_parent, xmlNode *node, xmlNode *after, bool deep);

/* Merges the options in <qemu:commandline>; base and new may be NULL (merge-args.c). */
void mvm_merge_args(MvmMerge *merge, xmlNode *base, xmlNode *live, xmlNode *new, bool forced);
