/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * XML documents: parse with bounds, read and write by path, build, print.
 *
 * Trees are libxml2's; a node belongs to its document, so every xmlNode * that these functions
 * return is borrowed from it. Whitespace between elements is dropped by the parser and made anew
 * by the printer. libxml2 never prints: its messages come back in the GError. When it is out of
 * memory the process ends, as with GLib.
 *
 * Names may carry one of two prefixes, in paths and when building, whatever prefix the document
 * itself uses: "qemu:" (MVM_XML_NS_QEMU) and "macvm:" (MVM_XML_NS_MACVM). A name without a prefix
 * is in no namespace.
 */
#pragma once

#include <glib.h>
#include <libxml/tree.h>
#include <libxml/xpath.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MVM_XML_NS_QEMU "http://libvirt.org/schemas/domain/qemu/1.0"
#define MVM_XML_NS_MACVM "https://macvm.org/xmlns/domain/1"

/* The longest text and the deepest tree that mvm_xml_parse() accepts, in bytes and elements. */
#define MVM_XML_MAX_SIZE (4 * 1024 * 1024)
#define MVM_XML_MAX_DEPTH 100
#define MVM_XML_PLIST_MAX_SIZE (16 * 1024 * 1024)

static inline void
mvm_xml_char_free(xmlChar *text)
{
    if (text != NULL)
        xmlFree(text);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlChar, mvm_xml_char_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathContext, xmlXPathFreeContext)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathObject, xmlXPathFreeObject)

/* Parses len bytes of UTF-8 (a declaration of another encoding is not obeyed). what names them in
 * the error ("domain 'macos'" or a file's name). Fails with MVM_ERROR_FAILED when they are not well
 * formed, too long or too deep, or carry a document type: nothing that macvm reads has one, and
 * entities are how XML is attacked. The caller frees the document. */
xmlDoc *mvm_xml_parse(const char *text, size_t len, const char *what, GError **error);

/* The same for an Apple property list: its document type may name a DTD, which is never loaded, but
 * declare nothing; and it may be longer (MVM_XML_PLIST_MAX_SIZE). */
xmlDoc *mvm_xml_parse_plist(const char *text, size_t len, const char *what, GError **error);

/* The same as mvm_xml_parse() for the file at path. */
xmlDoc *mvm_xml_parse_file(const char *path, GError **error);

/* A new document with an empty root element. The caller frees it. */
xmlDoc *mvm_xml_new(const char *root);

/* A deep copy. The caller frees it. */
xmlDoc *mvm_xml_copy(const xmlDoc *doc);

/* The document as text: UTF-8, two spaces a level, no XML declaration, a newline at the end. The
 * caller frees it with g_free(). */
char *mvm_xml_to_text(const xmlDoc *doc);

/* One element with what is below it, made to stand alone (namespaces declared). As above. */
char *mvm_xml_node_to_text(const xmlNode *node);

/* Whether two elements say the same: name, namespace, attributes in any order, children in order,
 * text without the whitespace around it. Comments do not count. */
bool mvm_xml_equal(const xmlNode *a, const xmlNode *b);

/* Whether after has an element or an attribute where before has none of that name. Values do not
 * count, nor does what is below <metadata> of a domain, which is anybody's. */
bool mvm_xml_has_new_names(const xmlDoc *before, const xmlDoc *after);

/* The element's own text without the whitespace around it, "" when it has none. g_free() it. */
char *mvm_xml_dup_text(const xmlNode *node);

/* The next element from node on, node included; NULL at the end. For loops over children. */
xmlNode *mvm_xml_element(xmlNode *node);

/* Whether node is an element with that name (see the prefixes above). */
bool mvm_xml_is(const xmlNode *node, const char *name);

/*
 * Reading by path (path.c). path is any XPath 1.0 expression that the program itself wrote: a
 * wrong one is a bug and reported with g_critical(). A value from outside must not be pasted into
 * it unless it was checked not to contain a quote.
 */

/* The value of the first match (text of an element, value of an attribute, result of a function),
 * or NULL when there is none. g_free() it. */
char *mvm_xml_get(xmlDoc *doc, const char *path);

/* The same with a relative path from node ("target/@dev"). */
char *mvm_xml_node_get(xmlNode *node, const char *path);

/* The first element that matches, or NULL. */
xmlNode *mvm_xml_get_node(xmlDoc *doc, const char *path);

/* All nodes that match, in document order: elements and attributes, as xmlNode *. The caller
 * frees the array, not the nodes; never NULL. */
GPtrArray *mvm_xml_get_nodes(xmlDoc *doc, const char *path);

/* The same with a relative path from node. */
GPtrArray *mvm_xml_node_get_nodes(xmlNode *node, const char *path);

/* A decimal value. Fails with MVM_ERROR_FAILED when there is none or it is not a number. */
bool mvm_xml_get_uint(xmlDoc *doc, const char *path, uint64_t *ret_value, GError **error);

/*
 * Writing by path. path is absolute and simple: steps "name", "name[@attr='value']" or
 * "name[child/@attr='value']", and at the end "@attr" where an attribute is meant. Another form
 * is a bug and reported with g_critical(); the document then stays as it is.
 */

/* The first element at path; it and its parents are made, with what their predicates say, where
 * they are missing. NULL only for a wrong path. */
xmlNode *mvm_xml_ensure(xmlDoc *doc, const char *path);

/* Sets the attribute or the text of the element at path, made when missing. */
void mvm_xml_set(xmlDoc *doc, const char *path, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Removes every node that matches (any XPath), and tells how many these were. */
size_t mvm_xml_remove(xmlDoc *doc, const char *path);

/*
 * Building (build.c). Values are escaped by the printer; a character that XML cannot hold (a
 * control character, a byte that is not UTF-8) becomes U+FFFD.
 */

/* Appends an empty element to parent. */
xmlNode *mvm_xml_add(xmlNode *parent, const char *name);

/* Appends an element with text. */
xmlNode *mvm_xml_add_text(xmlNode *parent, const char *name, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Sets an attribute, new or present. Returns node, so that calls can be nested. */
xmlNode *mvm_xml_attr(xmlNode *node, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Replaces all that is in node by text. */
void mvm_xml_set_text(xmlNode *node, const char *text);

/* Removes node and what is below it from its document, and frees it. */
void mvm_xml_drop(xmlNode *node);

/* Removes the comments in and below node. */
void mvm_xml_drop_comments(xmlNode *node);

/* The URI of a prefix ("qemu", len 4) that names may carry, or NULL. Static storage. */
const char *mvm_xml_prefix_uri(const char *prefix, size_t len);

/* Splits "qemu:arg" into its namespace's URI (NULL without a prefix; static storage) and the name
 * (borrowed from name). An unknown prefix is a bug and aborts. */
const char *mvm_xml_split_name(const char *name, const char **ret_local);
