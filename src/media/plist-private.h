/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a property list is made of: where in a text each element of its tree stands, and values. */
#pragma once

#include "media/plist.h"
#include "xml/xml.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* An element's bytes: from its '<' to behind its last '>'; inner_end is where its end tag begins,
 * 0 for an element without one (<true/>). */
typedef struct {
    size_t begin, inner_end, end;
} MvmPlistSpan;

/* The tree of plist, borrowed until its next change: the value at path, or with NULL the whole
 * dictionary. Nothing there is MVM_ERROR_NOT_FOUND. */
xmlNode *mvm_plist_find(const MvmPlist *plist, const char *path, GError **error);

/* Finds the elements of doc, which was parsed from the len bytes at text, in document order, as
 * MvmPlistSpan. doc's nodes point at them: see mvm_plist_span_of(). NULL when text and tree do not
 * agree, which would be a bug here or in the parser. The caller frees. */
GArray *mvm_plist_scan(xmlDoc *doc, const char *text, size_t len);

const MvmPlistSpan *mvm_plist_span_of(const GArray *spans, const xmlNode *node);

/* The type of a value's element; false when it is none. */
bool mvm_plist_type_of(const xmlNode *node, MvmPlistType *ret_type);

bool mvm_plist_is_container(MvmPlistType type);

/* Whether text is a value of type, as mvm_plist_set() takes it. */
bool mvm_plist_is_value(MvmPlistType type, const char *text);

/* The value of node as text, as mvm_plist_get() gives it; the caller frees. */
char *mvm_plist_value_text(const xmlNode *node, MvmPlistType type);

/* The element of a value that mvm_plist_is_value(); the caller frees. */
char *mvm_plist_element_text(MvmPlistType type, const char *text);

/* text with what XML reserves written as references; the caller frees. */
char *mvm_plist_escape(const char *text);
