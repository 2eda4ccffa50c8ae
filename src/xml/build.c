/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Building trees. The only caller of libxml2's functions that make text and attributes: several
 * of them (xmlNewChild, xmlNodeSetContent) take their text for markup and lose an "&" in it.
 */
#include "xml/xml.h"

#include <string.h>

static const struct {
    const char *prefix;
    const char *uri;
} namespaces[] = {
    {"qemu", MVM_XML_NS_QEMU},
    {"macvm", MVM_XML_NS_MACVM},
};

/* GLib's rule for memory, kept for libxml2: to be out of it ends the process. */
static void *
nonnull(void *p)
{
    if (p == NULL)
        g_error("libxml2 is out of memory");
    return p;
}

const char *
mvm_xml_prefix_uri(const char *prefix, size_t len)
{
    for (size_t i = 0; i < G_N_ELEMENTS(namespaces); i++) {
        if (strlen(namespaces[i].prefix) == len && memcmp(namespaces[i].prefix, prefix, len) == 0)
            return namespaces[i].uri;
    }
    return NULL;
}

const char *
mvm_xml_split_name(const char *name, const char **ret_local)
{
    const char *colon = strchr(name, ':');
    const char *uri = NULL;

    *ret_local = colon == NULL ? name : colon + 1;
    if (colon == NULL)
        return NULL;
    uri = mvm_xml_prefix_uri(name, (size_t)(colon - name));
    if (uri == NULL)
        g_error("unknown namespace prefix in '%s'", name);
    return uri;
}

/* The declaration of uri that holds at node; made at the root, with prefix, when there is none. */
static xmlNs *
find_ns(xmlNode *node, const char *uri, const char *name)
{
    xmlNs *ns = xmlSearchNsByHref(node->doc, node, (const xmlChar *)uri);
    g_autofree char *prefix = NULL;

    if (ns != NULL)
        return ns;
    prefix = g_strndup(name, strcspn(name, ":"));
    ns = xmlNewNs(xmlDocGetRootElement(node->doc), (const xmlChar *)uri, (const xmlChar *)prefix);
    if (ns == NULL) /* the document uses that prefix for something else */
        ns = xmlNewNs(node, (const xmlChar *)uri, (const xmlChar *)prefix);
    return nonnull(ns);
}

static bool
is_xml_char(gunichar c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    return c != 0xFFFE && c != 0xFFFF;
}

/* text with what XML 1.0 cannot hold replaced. */
static char *
clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_sized_new(strlen(valid));

    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        g_string_append_unichar(out, is_xml_char(c) ? c : 0xFFFD);
    }
    return g_string_free(out, FALSE);
}

void
mvm_xml_drop(xmlNode *node)
{
    xmlUnlinkNode(node);
    if (node->type == XML_ATTRIBUTE_NODE)
        xmlFreeProp((xmlAttr *)node);
    else
        xmlFreeNode(node);
}

void
mvm_xml_set_text(xmlNode *node, const char *text)
{
    g_autofree char *safe = clean(text);

    while (node->children != NULL)
        mvm_xml_drop(node->children);
    if (safe[0] != '\0')
        nonnull(xmlAddChild(node, nonnull(xmlNewDocText(node->doc, (const xmlChar *)safe))));
}

xmlNode *
mvm_xml_add(xmlNode *parent, const char *name)
{
    const char *local = NULL;
    const char *uri = mvm_xml_split_name(name, &local);
    xmlNode *node = nonnull(xmlNewDocNode(parent->doc, NULL, (const xmlChar *)local, NULL));

    nonnull(xmlAddChild(parent, node));
    if (uri != NULL)
        xmlSetNs(node, find_ns(node, uri, name));
    return node;
}

xmlNode *
mvm_xml_add_text(xmlNode *parent, const char *name, const char *format, ...)
{
    xmlNode *node = mvm_xml_add(parent, name);
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    mvm_xml_set_text(node, text);
    return node;
}

xmlNode *
mvm_xml_attr(xmlNode *node, const char *name, const char *format, ...)
{
    const char *local = NULL;
    const char *uri = mvm_xml_split_name(name, &local);
    xmlNs *ns = uri == NULL ? NULL : find_ns(node, uri, name);
    g_autofree char *text = NULL;
    g_autofree char *safe = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    safe = clean(text);
    nonnull(xmlSetNsProp(node, ns, (const xmlChar *)local, (const xmlChar *)safe));
    return node;
}

void
mvm_xml_drop_comments(xmlNode *node)
{
    for (xmlNode *child = node->children, *next = NULL; child != NULL; child = next) {
        next = child->next;
        if (child->type == XML_COMMENT_NODE)
            mvm_xml_drop(child);
        else if (child->type == XML_ELEMENT_NODE)
            mvm_xml_drop_comments(child);
    }
}
