/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The three-way merge of a domain's XML, by which a second `macvm define` keeps the user's edits.
 *
 * Three documents go in: base, what macvm rendered last time (as rendered); live, what the domain
 * says now, with the user's edits and with all that libvirt adds by itself; new, what macvm renders
 * this time. Out comes a copy of live in which exactly that is changed which macvm changed between
 * base and new.
 *
 * How it works. The trees are walked side by side. Elements are paired by a key from a small table
 * (merge-key.c: a disk by target/@dev, a NIC by its MAC …), or by their order where there is none.
 * The leaves are attributes, text, and the options of <qemu:commandline>. For each leaf:
 *
 *   base = new             macvm changed nothing: live's value stays, whatever it is
 *   live = new             nothing to do
 *   live = base            macvm changed it, the user did not: it becomes new's
 *   otherwise              a conflict
 *
 * An absent leaf is a value like any other. Elements follow the same rule as a whole:
 *
 *   only in new            added behind the sibling that precedes it in new; merged without a base
 *                          when live has that key already
 *   only in base           removed when live still says what base says; otherwise a conflict
 *   in both, not in live   the user removed it: stays removed when base = new, otherwise a conflict
 *   only in live           not looked at
 *
 * Two renderings are paired even where their keys differ, as those of a tablet on another bus, so
 * that what the user removed does not come back as something new.
 *
 * Some elements have a kind (merge-kind.c): the model, type or bus. Where macvm makes another kind
 * of one, it is replaced whole, because what belongs to a qxl has no place in a vmvga; a disk, a
 * CPU and <os> only lose what libvirt added to them. The user's edits inside one that is replaced
 * are one conflict. An element of which the user made another kind is another thing than macvm's:
 * macvm's changes inside it are one conflict for the whole element.
 *
 * Values are compared by meaning (merge-value.c): 4 GiB is 4194304 KiB, 0xa is 0x0a is 10, MACs
 * have no case, machine "q35" covers the "pc-q35-7.2" that libvirt makes of it. What libvirt adds
 * (merge-libvirt.c: addresses, aliases, default attributes) is not an edit of the user's, and gives
 * way to what macvm renders in its place.
 *
 * Not merged: <name> and <uuid> (live's stay), the metadata element of macvm's own namespace
 * (new's replaces live's; live's stays when new has none). <currentMemory>, which libvirt derives,
 * follows <memory> as long as the two are equal and macvm does not render it.
 *
 * Invariants, held by tests/unit/test-xml-merge-random.c: a leaf that macvm did not change is as
 * in live; a leaf that only macvm changed is as in new; every other one is reported. Merging again
 * with base := new and live := the result changes nothing. Where the rules above cannot tell an
 * edit of the user's from libvirt's own doing, the answer is a conflict.
 */
#pragma once

#include "xml/xml.h"

/* What happens to a conflict. */
typedef enum {
    MVM_MERGE_STOP, /* report all of them, change nothing */
    MVM_MERGE_LIVE, /* what the domain says now stays */
    MVM_MERGE_NEW,  /* macvm's rendering wins */
} MvmMergePolicy;

typedef struct {
    xmlDoc *base; /* borrowed; NULL when there is none; ignored when its root is another element */
    xmlDoc *live; /* borrowed */
    xmlDoc *new;  /* borrowed; its root has the name of live's root */
    MvmMergePolicy policy;
    /* NULL, or a NULL-terminated list of XPath expressions into new (borrowed), as for
     * mvm_xml_get(): what was asked for on this very command line. Elements and attributes that
     * match, and all below them, get new's value even where base = new, and are never in conflict;
     * one that the user removed from live comes back, and one that base has and new has not goes,
     * edited or not. Which edits that replaces is in the result. Only where it is asked for inside
     * an element of which the user made another kind, and has no place there, it is in conflict. */
    const char *const *forced;
} MvmMergeInput;

/* One conflict; strings for people, owned. An absent value is "(none)"; a value that holds the OSK
 * or a password is hidden. */
typedef struct {
    char *path; /* "/domain/devices/disk[target/@dev='sda']/driver/@cache" */
    char *base;
    char *live;
    char *new;
} MvmMergeConflict;

typedef struct {
    xmlDoc *merged;       /* owned; says the same as live when nothing changed or policy stopped */
    GPtrArray *conflicts; /* of MvmMergeConflict, owned; empty unless the policy is STOP */
    GPtrArray *overruled; /* the same: the user's edits that what is forced replaces; or empty */
    bool changed;         /* merged says something else than live */
} MvmMergeResult;

/* Merges; cannot fail. The caller frees the result. */
MvmMergeResult *mvm_merge(const MvmMergeInput *input);

/* The user's edits: where live says something else than base, and libvirt did not do it. As
 * conflicts without a new; an edit of a whole element is one. The caller frees the array. */
GPtrArray *mvm_merge_list_edits(xmlDoc *base, xmlDoc *live);

void mvm_merge_result_free(MvmMergeResult *result);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmMergeResult, mvm_merge_result_free)
