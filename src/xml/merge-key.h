/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Internal to the merge: which element of one document is which of another. */
#pragma once

#include "xml/xml.h"

/* One element in up to three documents; NULL where it is not. All borrowed. */
typedef struct {
    xmlNode *base;
    xmlNode *live;
    xmlNode *new;
} MvmMergeTriple;

/* Pairs the child elements of up to three parents (NULL: no children): an MvmMergeTriple for each
 * child of new in its order, then for each child that only base has. Children that only live has
 * are left out. The caller frees the array. */
GArray *mvm_merge_match(xmlNode *base, xmlNode *live, xmlNode *new);

/* The path of an element, or of its attribute attr when that is not NULL, as people can read it:
 * "/domain/devices/disk[target/@dev='sda']/driver/@cache". g_free() it. */
char *mvm_merge_path(xmlNode *node, const char *attr);

/* The attribute's value, or NULL when node is NULL or has none of that name and namespace (uri may
 * be NULL). g_free() it. */
char *mvm_merge_attr(const xmlNode *node, const char *name, const char *uri);
