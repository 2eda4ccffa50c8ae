/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/domain-ledger.h"

#include <string.h>

/* libxml2 leaves _private to its callers, in elements and attributes alike. */
static void
mark(xmlNode *node)
{
    node->_private = node;
}

static bool
is_marked(const xmlNode *node)
{
    return node->_private != NULL;
}

char *
mvm_ledger_node_take(xmlNode *node, const char *path)
{
    g_autoptr(GPtrArray) nodes = mvm_xml_node_get_nodes(node, path);
    xmlNode *found = nodes->len > 0 ? nodes->pdata[0] : NULL;

    if (found == NULL)
        return NULL;
    mark(found);
    return mvm_xml_node_get(node, path);
}

char *
mvm_ledger_take(xmlDoc *doc, const char *path)
{
    return mvm_ledger_node_take(xmlDocGetRootElement(doc), path);
}

void
mvm_ledger_same(xmlDoc *doc, const char *path)
{
    g_autoptr(GPtrArray) nodes = mvm_xml_get_nodes(doc, path);

    for (guint i = 0; i < nodes->len; i++)
        mark(nodes->pdata[i]);
}

/* --- what is left ----------------------------------------------------------------------------- */

static bool
has_mark(const xmlNode *element)
{
    bool found = is_marked(element);

    for (const xmlAttr *a = element->properties; a != NULL && !found; a = a->next)
        found = is_marked((const xmlNode *)a);
    for (xmlNode *c = mvm_xml_element(element->children); c != NULL && !found;
         c = mvm_xml_element(c->next))
        found = has_mark(c);
    return found;
}

/* In one line, without the printer's indentation. */
static char *
element_to_line(const xmlNode *element)
{
    g_autofree char *text = mvm_xml_node_to_text(element);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++)
        g_strstrip(*line);
    return g_strjoinv("", lines);
}

/* "devices/disk/driver"; the caller frees. */
static char *
path_of(const xmlNode *element)
{
    GString *path = g_string_new((const char *)element->name);

    for (const xmlNode *up = element->parent;
         up != NULL && up->type == XML_ELEMENT_NODE && up->parent->type == XML_ELEMENT_NODE;
         up = up->parent) {
        g_string_prepend_c(path, '/');
        g_string_prepend(path, (const char *)up->name);
    }
    return g_string_free(path, FALSE);
}

/* Of an element that is known in part: its own attributes and text. */
static void
leave_own(MvmImportSource *source, const xmlNode *element)
{
    g_autoptr(GString) rest = g_string_new(NULL);
    g_autofree char *path = path_of(element), *text = mvm_xml_dup_text(element);

    for (const xmlAttr *a = element->properties; a != NULL; a = a->next) {
        g_autoptr(xmlChar) value = xmlNodeListGetString(element->doc, a->children, 1);

        if (!is_marked((const xmlNode *)a))
            g_string_append_printf(rest, " %s='%s'", (const char *)a->name,
                                   value != NULL ? (const char *)value : "");
    }
    if (*text != '\0' && !is_marked(element))
        g_string_append_printf(rest, " %s", text);
    if (rest->len > 0)
        mvm_import_leave(source, "<%s>:%s", path, rest->str);
}

static bool
has_attribute(const xmlNode *element, const char *name, const char *value)
{
    g_autoptr(xmlChar) has = xmlGetNoNsProp(element, (const xmlChar *)name);

    return g_strcmp0((const char *)has, value) == 0;
}

/* Where libvirt put a device, what it calls it, and the slots that it made for that. */
static bool
is_place(const xmlNode *element)
{
    return mvm_xml_is(element, "address") || mvm_xml_is(element, "alias") ||
           (mvm_xml_is(element, "controller") && has_attribute(element, "type", "pci"));
}

static void
leave_element(MvmImportSource *source, const xmlNode *element, GString *places)
{
    g_autofree char *line = NULL, *path = NULL;

    if (element->parent->type == XML_ELEMENT_NODE && !has_mark(element)) {
        line = element_to_line(element);
        path = path_of(element->parent);
        if (is_place(element))
            g_string_append_printf(places, "%s%s %s", places->len > 0 ? ", " : "",
                                   (const char *)element->parent->name, line);
        else if (mvm_xml_is(element->parent, "domain") || mvm_xml_is(element->parent, "devices"))
            mvm_import_leave(source, "%s", line);
        else
            mvm_import_leave(source, "<%s>: %s", path, line);
        return;
    }
    leave_own(source, element);
    for (xmlNode *c = mvm_xml_element(element->children); c != NULL; c = mvm_xml_element(c->next))
        leave_element(source, c, places);
}

void
mvm_ledger_leave(xmlDoc *doc, MvmImportSource *source)
{
    g_autoptr(GString) places = g_string_new(NULL);

    leave_element(source, xmlDocGetRootElement(doc), places);
    if (places->len > 0)
        mvm_import_leave(source, "places of devices, which macvm and libvirt choose: %s",
                         places->str);
}
