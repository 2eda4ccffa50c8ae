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
    GPtrArray *overruled; /* borrowed; the same; NULL: without a base nobody knows of edits */
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

/* Appends an edit of the user's: of the leaf, or of a whole element, where one of both may be NULL.
 */
void mvm_merge_add_edit(GPtrArray *edits, const MvmMergeLeaf *leaf);
void mvm_merge_add_element_edit(GPtrArray *edits, xmlNode *base, xmlNode *live);

/* Whether the leaf becomes new's value (which is then absent when new is NULL). Notes a conflict
 * where there is one. */
bool mvm_merge_take(MvmMerge *merge, const MvmMergeLeaf *leaf, bool forced);

/* Notes a conflict about a whole element; one of the three may be NULL. Returns whether new's
 * wins. */
bool mvm_merge_clash(MvmMerge *merge, xmlNode *base, xmlNode *live, xmlNode *new);

/* Notes that the command line wins over an edit of a whole element; arguments as above. */
void mvm_merge_overrule(MvmMerge *merge, xmlNode *base, xmlNode *live, xmlNode *new);

void mvm_merge_conflict_free(void *conflict);

/*
 * merge-kind.c. What an element is: its model, type or bus.
 */

/* Whether macvm makes another kind of it, which live has not yet. */
bool mvm_merge_changes_kind(const MvmMergeTriple *at);

/* Whether the user made another thing of it: its kind is neither base's nor new's. */
bool mvm_merge_is_retyped(const MvmMergeTriple *at);

/* Whether the command line asks for the kind of new. */
bool mvm_merge_is_kind_forced(const MvmMerge *merge, xmlNode *new);

/* Whether all that is in such an element goes with its kind. */
bool mvm_merge_is_whole_kind(xmlNode *new);

/* Takes from live what libvirt added to it, and to its children, for the kind that it was. */
void mvm_merge_shed(const MvmMergeTriple *at);

/* Merges the attributes of one element that live and new have (base may be NULL). */
void mvm_merge_attributes(MvmMerge *merge, const MvmMergeTriple *at, bool forced);

/* The same for its own text, with the unit of a size. */
void mvm_merge_own_text(MvmMerge *merge, const MvmMergeTriple *at, bool forced);

/* Replaces the element's own text (and the unit of a size) by that of new; children stay. */
void mvm_merge_set_text(xmlNode *live, xmlNode *new);

/* Puts a copy of node into live_parent, behind the sibling after or, when that is NULL, at the end.
 * deep: with what is below it. Returns the copy. */
xmlNode *mvm_merge_insert(xmlNode *live_parent, xmlNode *node, xmlNode *after, bool deep);

/* Appends the user's edits of the options in <qemu:commandline> to edits; both may be NULL. */
void mvm_merge_arg_edits(xmlNode *base, xmlNode *live, GPtrArray *edits);

/* Merges the options in <qemu:commandline>; base and new may be NULL (merge-args.c). */
void mvm_merge_args(MvmMerge *merge, xmlNode *base, xmlNode *live, xmlNode *new, bool forced);
