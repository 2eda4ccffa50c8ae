/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What makes an element one thing or another: a video card's model, a disk's bus. libvirt fills an
 * element in as its kind wants it (a qxl's ram=, vgamem=), and refuses that in another.
 */
#include "xml/merge-internal.h"

#include <string.h>

typedef enum {
    NONE,
    WHOLE, /* all in it belongs to its kind */
    PART,  /* it has much that stays: only what libvirt added goes with the kind */
} Extent;

static const struct {
    const char *name;
    const char *place; /* of the kind: "@attr", "child/@attr", "child" */
    Extent extent;
} kinds[] = {
    {"audio", "@type", WHOLE},       {"channel", "@type", WHOLE},   {"console", "@type", WHOLE},
    {"controller", "@model", WHOLE}, {"cpu", "@mode", PART},        {"disk", "target/@bus", PART},
    {"filesystem", "@type", WHOLE},  {"graphics", "@type", WHOLE},  {"hostdev", "@type", WHOLE},
    {"input", "@bus", WHOLE},        {"interface", "@type", WHOLE}, {"iommu", "@model", WHOLE},
    {"memballoon", "@model", WHOLE}, {"os", "loader", PART},        {"panic", "@model", WHOLE},
    {"parallel", "@type", WHOLE},    {"redirdev", "@type", WHOLE},  {"rng", "@model", WHOLE},
    {"serial", "@type", WHOLE},      {"sound", "@model", WHOLE},    {"tpm", "@model", WHOLE},
    {"video", "model/@type", WHOLE}, {"watchdog", "@model", WHOLE},
};

static int
find_row(const xmlNode *node)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp((const char *)node->name, kinds[i].name) == 0)
            return (int)i;
    }
    return -1;
}

/* The kind of node by the row at; NULL when it has none. The caller frees. */
static char *
kind_at(xmlNode *node, int row)
{
    return node == NULL ? NULL : mvm_xml_node_get(node, kinds[row].place);
}

bool
mvm_merge_changes_kind(const MvmMergeTriple *at)
{
    int row = at->base == NULL || at->live == NULL ? -1 : find_row(at->new);
    g_autofree char *base = row < 0 ? NULL : kind_at(at->base, row);
    g_autofree char *live = row < 0 ? NULL : kind_at(at->live, row);
    g_autofree char *new = row < 0 ? NULL : kind_at(at->new, row);

    return row >= 0 && g_strcmp0(base, new) != 0 && g_strcmp0(live, new) != 0;
}

bool
mvm_merge_is_retyped(const MvmMergeTriple *at)
{
    int row = find_row(at->new);
    bool whole = row >= 0 && kinds[row].extent == WHOLE;
    g_autofree char *base = whole ? kind_at(at->base, row) : mvm_merge_attr(at->base, "type", NULL);
    g_autofree char *live = whole ? kind_at(at->live, row) : mvm_merge_attr(at->live, "type", NULL);
    g_autofree char *new = whole ? kind_at(at->new, row) : mvm_merge_attr(at->new, "type", NULL);

    return live != NULL && new != NULL &&strcmp(live, new) != 0 && g_strcmp0(live, base) != 0;
}

/* Whether the command line is about node, or about what lies at place below it. */
static bool
is_forced_at(const MvmMerge *merge, xmlNode *node, const char *place)
{
    size_t len = strcspn(place, "/");
    xmlAttr *attr = NULL;

    if (g_hash_table_contains(merge->forced, node))
        return true;
    if (place[0] == '@') {
        attr = xmlHasProp(node, (const xmlChar *)place + 1);
        return attr != NULL && g_hash_table_contains(merge->forced, attr);
    }
    for (xmlNode *child = mvm_xml_element(node->children); child != NULL;
         child = mvm_xml_element(child->next)) {
        if (strlen((const char *)child->name) == len &&
            strncmp((const char *)child->name, place, len) == 0)
            return place[len] == '\0' ? g_hash_table_contains(merge->forced, child)
                                      : is_forced_at(merge, child, place + len + 1);
    }
    return false;
}

bool
mvm_merge_is_kind_forced(const MvmMerge *merge, xmlNode *new)
{
    int row = find_row(new);

    return is_forced_at(merge, new,
                        row >= 0 && kinds[row].extent == WHOLE ? kinds[row].place : "@type");
}

bool
mvm_merge_is_whole_kind(xmlNode *new)
{
    int row = find_row(new);

    return row >= 0 && kinds[row].extent == WHOLE;
}

static bool
has_child(xmlNode *node, const xmlNode *like)
{
    xmlNode *child = node == NULL ? NULL : mvm_xml_element(node->children);

    while (child != NULL && !xmlStrEqual(child->name, like->name))
        child = mvm_xml_element(child->next);
    return child != NULL;
}

static void
shed_attributes(const MvmMergeTriple *at)
{
    xmlAttr *next = NULL;

    for (xmlAttr *attr = at->live->properties; attr != NULL; attr = next) {
        const char *name = (const char *)attr->name;
        g_autofree char *value = mvm_merge_attr(at->live, name, NULL);

        next = attr->next;
        if (mvm_merge_is_libvirts_attr(at->live, name, value) &&
            xmlHasProp(at->base, attr->name) == NULL &&
            (at->new == NULL || xmlHasProp(at->new, attr->name) == NULL))
            xmlRemoveProp(attr);
    }
}

void
mvm_merge_shed(const MvmMergeTriple *at)
{
    g_autoptr(GArray) triples = mvm_merge_match(at->base, at->live, at->new);
    xmlNode *next = NULL;

    shed_attributes(at);
    for (size_t i = 0; i < triples->len; i++) {
        const MvmMergeTriple *child = &g_array_index(triples, MvmMergeTriple, i);

        if (child->base != NULL && child->live != NULL)
            shed_attributes(child);
    }
    for (xmlNode *child = mvm_xml_element(at->live->children); child != NULL; child = next) {
        next = mvm_xml_element(child->next);
        if (mvm_merge_is_libvirts_child(child) && !has_child(at->base, child) &&
            !has_child(at->new, child))
            mvm_xml_drop(child);
    }
}
