/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the user made of a domain: the walk over a rendering and what libvirt has of it. */
#include "xml/merge-internal.h"

#include <string.h>

static void
add_attributes(const MvmMergeTriple *at, GPtrArray *edits)
{
    for (xmlAttr *attr = at->base->properties; attr != NULL; attr = attr->next) {
        const char *name = (const char *)attr->name;
        const char *uri = attr->ns == NULL ? NULL : (const char *)attr->ns->href;
        g_autofree char *base = mvm_merge_attr(at->base, name, uri);
        g_autofree char *live = mvm_merge_attr(at->live, name, uri);
        MvmMergeLeaf leaf = {
            .node = at->base,
            .attr = name,
            .kind = mvm_merge_kind(at->base, name),
            .base = base,
            .live = live,
        };

        if (!(strcmp(name, "unit") == 0 && mvm_merge_is_size(at->base)) &&
            !mvm_merge_same(leaf.kind, base, live, MVM_SIDE_LIVE))
            mvm_merge_add_edit(edits, &leaf);
    }
    for (xmlAttr *attr = at->live->properties; attr != NULL; attr = attr->next) {
        const char *name = (const char *)attr->name;
        const xmlChar *uri = attr->ns == NULL ? NULL : attr->ns->href;
        g_autofree char *live = mvm_merge_attr(at->live, name, (const char *)uri);
        MvmMergeLeaf leaf = {.node = at->live, .attr = name, .live = live};

        if (xmlHasNsProp(at->base, attr->name, uri) == NULL &&
            !(strcmp(name, "unit") == 0 && mvm_merge_is_size(at->live)) &&
            !mvm_merge_is_libvirts_attr(at->live, name, live))
            mvm_merge_add_edit(edits, &leaf);
    }
}

static void
add_text(const MvmMergeTriple *at, GPtrArray *edits)
{
    g_autofree char *base = mvm_merge_text(at->base);
    g_autofree char *live = mvm_merge_text(at->live);
    MvmMergeLeaf leaf = {
        .node = at->base,
        .kind = mvm_merge_kind(at->base, NULL),
        .base = base,
        .live = live,
    };

    if (!mvm_merge_same(leaf.kind, base, live, MVM_SIDE_LIVE))
        mvm_merge_add_edit(edits, &leaf);
}

static bool
is_top(const xmlNode *node)
{
    return node->parent == xmlDocGetRootElement(node->doc);
}

/* What is never an edit: macvm's own metadata, who the machine is, and what other code looks at. */
static bool
is_passed_over(xmlNode *node)
{
    return mvm_xml_is(node, "qemu:arg") || mvm_xml_is(node, "macvm:machine") ||
           (is_top(node) && (mvm_xml_is(node, "name") || mvm_xml_is(node, "uuid")));
}

/* libvirt drops it when it is empty: its absence says nothing. */
static bool
is_container(xmlNode *node)
{
    return is_top(node) && (mvm_xml_is(node, "metadata") || mvm_xml_is(node, "qemu:commandline"));
}

static void
add_added(xmlNode *node, GPtrArray *edits)
{
    if (is_passed_over(node) || mvm_merge_is_libvirts_child(node))
        return;
    if (!is_container(node)) {
        mvm_merge_add_element_edit(edits, NULL, node);
        return;
    }
    if (mvm_xml_is(node, "qemu:commandline"))
        mvm_merge_arg_edits(NULL, node, edits);
    for (xmlNode *child = mvm_xml_element(node->children); child != NULL;
         child = mvm_xml_element(child->next))
        add_added(child, edits);
}

static void
add_element(const MvmMergeTriple *at, GPtrArray *edits)
{
    g_autoptr(GArray) triples = mvm_merge_match(at->base, at->live, NULL);
    g_autoptr(GHashTable) paired = g_hash_table_new(NULL, NULL);

    add_attributes(at, edits);
    add_text(at, edits);
    if (mvm_xml_is(at->base, "qemu:commandline"))
        mvm_merge_arg_edits(at->base, at->live, edits);
    for (size_t i = 0; i < triples->len; i++) {
        const MvmMergeTriple *child = &g_array_index(triples, MvmMergeTriple, i);

        g_hash_table_add(paired, child->live);
        if (is_passed_over(child->base))
            continue;
        if (child->live == NULL && is_container(child->base) &&
            mvm_xml_element(child->base->children) == NULL)
            continue;
        if (child->live == NULL)
            mvm_merge_add_element_edit(edits, child->base, NULL);
        else
            add_element(child, edits);
    }
    for (xmlNode *child = mvm_xml_element(at->live->children); child != NULL;
         child = mvm_xml_element(child->next)) {
        if (!g_hash_table_contains(paired, child))
            add_added(child, edits);
    }
}

GPtrArray *
mvm_merge_list_edits(xmlDoc *base, xmlDoc *live)
{
    GPtrArray *edits = g_ptr_array_new_with_free_func(mvm_merge_conflict_free);
    const MvmMergeTriple root = {xmlDocGetRootElement(base), xmlDocGetRootElement(live), NULL};

    if (xmlStrEqual(root.base->name, root.live->name))
        add_element(&root, edits);
    return edits;
}
