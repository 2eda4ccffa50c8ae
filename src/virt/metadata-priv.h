/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What reading and writing a machine's metadata share. */
#pragma once

#include "virt/metadata.h"

#define MVM_METADATA_MACHINE "macvm:machine"

/* How many elements there are that may be there once. */
#define MVM_METADATA_SINGLES 4

/* The value of node's attribute called name, or NULL; the caller frees. */
char *mvm_metadata_attr(const xmlNode *node, const char *name);

/* Whether node is ours and called name (without a prefix). */
bool mvm_metadata_is(const xmlNode *node, const char *name);

/* The next element of ours from node on, node included; NULL at the end. */
xmlNode *mvm_metadata_element(xmlNode *node);

/* Which of the elements that may be there once node is; MVM_METADATA_SINGLES: none of them. */
size_t mvm_metadata_single(const xmlNode *node);

/* The name of such an element; static. */
const char *mvm_metadata_single_name(size_t single);

/* What of machine, the whole element, is in no field of MvmMetadata: MvmMetadata.unknown. */
xmlDoc *mvm_metadata_copy_unknown(xmlNode *machine);

/* Appends a copy of node, an element of ours, to parent, in our namespace whatever it was in. What
 * is of another namespace is not copied: libvirt allows one element a namespace anyway. */
void mvm_metadata_copy(xmlNode *node, xmlNode *parent);
