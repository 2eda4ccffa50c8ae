/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which names occur where in a document. */
#include "xml/xml.h"

#include <string.h>

static const char *
uri_of(const xmlNs *ns)
{
    return ns != NULL ? (const char *)ns->href : "";
}

/* The path of names that leads to an element or, with mark "@", to an attribute. */
static char *
extend(const char *path, const char *mark, const xmlNs *ns, const xmlChar *name)
{
    return g_strdup_printf("%s/%s{%s}%s", path, mark, uri_of(ns), (const char *)name);
}

static bool
is_metadata(const char *path)
{
    return strcmp(path, "/{}domain/{}metadata") == 0;
}

/* Depth is bounded by mvm_xml_parse(). */
static void
collect(const xmlNode *node, const char *above, GHashTable *paths)
{
    g_autofree char *path = extend(above, "", node->ns, node->name);

    for (const xmlAttr *attr = node->properties; attr != NULL; attr = attr->next)
        g_hash_table_add(paths, extend(path, "@", attr->ns, attr->name));
    if (!is_metadata(path)) {
        for (const xmlNode *child = mvm_xml_element(node->children); child != NULL;
             child = mvm_xml_element(child->next))
            collect(child, path, paths);
    }
    g_hash_table_add(paths, g_steal_pointer(&path));
}

static GHashTable *
paths_of(const xmlDoc *doc)
{
    GHashTable *paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    collect(xmlDocGetRootElement(doc), "", paths);
    return paths;
}

bool
mvm_xml_has_new_names(const xmlDoc *before, const xmlDoc *after)
{
    g_autoptr(GHashTable) old = paths_of(before);
    g_autoptr(GHashTable) new = paths_of(after);
    GHashTableIter iter;
    gpointer path = NULL;

    g_hash_table_iter_init(&iter, new);
    while (g_hash_table_iter_next(&iter, &path, NULL)) {
        if (!g_hash_table_contains(old, path))
            return true;
    }
    return false;
}
