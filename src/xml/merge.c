/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The walk over the elements of the three documents; merge.h tells the rules. */
#include "xml/merge-internal.h"

#include <string.h>

/* xmlDOMWrapReconcileNamespaces(): drop declarations that an ancestor makes already. */
#define REMOVE_REDUNDANT_NS 1

static void merge_children(MvmMerge *merge, const MvmMergeTriple *parent, bool forced);

xmlNode *
mvm_merge_insert(xmlNode *live_parent, xmlNode *node, xmlNode *after, bool deep)
{
    xmlNode *copy = xmlDocCopyNode(node, live_parent->doc, deep ? 1 : 2);

    if (copy == NULL)
        g_error("libxml2 is out of memory");
    if (after == NULL)
        xmlAddChild(live_parent, copy);
    else
        xmlAddNextSibling(after, copy);
    xmlDOMWrapReconcileNamespaces(NULL, copy, REMOVE_REDUNDANT_NS);
    return copy;
}

static void
merge_element(MvmMerge *merge, const MvmMergeTriple *at, bool forced)
{
    forced = forced || g_hash_table_contains(merge->forced, at->new);
    mvm_merge_attributes(merge, at, forced);
    mvm_merge_own_text(merge, at, forced);
    merge_children(merge, at, forced);
}

/* An element that new has and live has not. Returns it in live, or NULL when it stays away. */
static xmlNode *
add_element(MvmMerge *merge, xmlNode *live_parent, const MvmMergeTriple *at, xmlNode *after,
            bool forced)
{
    bool asked = forced || g_hash_table_contains(merge->forcing, at->new);

    if (at->base == at->new) { /* in an element of another kind: it may have no place there */
        if (!asked || !mvm_merge_clash(merge, at->base, NULL, at->new))
            return NULL;
    } else if (at->base != NULL && asked) {
        mvm_merge_overrule(merge, at->base, NULL, at->new);
    } else if (at->base != NULL && (mvm_merge_covers(at->base, at->new, MVM_SIDE_RENDERED) ||
                                    !mvm_merge_clash(merge, at->base, NULL, at->new))) {
        return NULL;
    }
    return mvm_merge_insert(live_parent, at->new, after, true);
}

/* Puts new's element in the place of live's. */
static xmlNode *
replace_element(const MvmMergeTriple *at)
{
    xmlNode *copy = mvm_merge_insert(at->live->parent, at->new, at->live, true);

    mvm_xml_drop(at->live);
    return copy;
}

/* An element of which the user made another kind. Returns it, or what replaced it. */
static xmlNode *
merge_retyped(MvmMerge *merge, const MvmMergeTriple *at, bool forced)
{
    const MvmMergeTriple only_asked = {at->new, at->live, at->new};

    if (forced || mvm_merge_is_kind_forced(merge, at->new)) {
        mvm_merge_overrule(merge, at->base, at->live, at->new);
        return replace_element(at);
    }
    if (g_hash_table_contains(merge->forcing, at->new)) {
        merge_element(merge, &only_asked, false);
        return at->live;
    }
    if ((at->base != NULL && mvm_merge_covers(at->base, at->new, MVM_SIDE_RENDERED)) ||
        !mvm_merge_clash(merge, at->base, at->live, at->new))
        return at->live;
    return replace_element(at);
}

/* An element of which macvm makes another kind. Returns as merge_retyped(). */
static xmlNode *
merge_kind(MvmMerge *merge, const MvmMergeTriple *at, bool forced)
{
    bool edited = !mvm_merge_covers(at->base, at->live, MVM_SIDE_LIVE);

    if (!mvm_merge_is_whole_kind(at->new)) {
        mvm_merge_shed(at);
        merge_element(merge, at, forced);
        return at->live;
    }
    if (edited && (forced || mvm_merge_is_kind_forced(merge, at->new)))
        mvm_merge_overrule(merge, at->base, at->live, at->new);
    else if (edited && !mvm_merge_clash(merge, at->base, at->live, at->new))
        return at->live;
    return replace_element(at);
}

/* An element that macvm does not render any more. */
static void
drop_element(MvmMerge *merge, const MvmMergeTriple *at, bool forced)
{
    bool edited = !mvm_merge_covers(at->base, at->live, MVM_SIDE_LIVE);

    if (edited && (forced || g_hash_table_contains(merge->forced, at->base)))
        mvm_merge_overrule(merge, at->base, at->live, NULL);
    else if (edited && !mvm_merge_clash(merge, at->base, at->live, NULL))
        return;
    mvm_xml_drop(at->live);
}

/* Merges one element of new. Returns the element of live behind which its next sibling belongs. */
static xmlNode *
merge_child(MvmMerge *merge, xmlNode *live_parent, const MvmMergeTriple *at, xmlNode *after,
            bool forced)
{
    MvmMergeTriple here = *at;
    xmlNode *live = at->live;

    forced = forced || g_hash_table_contains(merge->forced, at->new);
    /* What libvirt put there by itself is as good as rendered. */
    if (here.base == NULL && live != NULL && merge->overruled != NULL &&
        mvm_merge_is_libvirts_child(live))
        here.base = live;
    if (live == NULL)
        live = add_element(merge, live_parent, &here, after, forced);
    else if (mvm_merge_is_retyped(&here))
        live = merge_retyped(merge, &here, forced);
    else if (mvm_merge_changes_kind(&here))
        live = merge_kind(merge, &here, forced);
    else
        merge_element(merge, &here, forced);
    return live == NULL ? after : live;
}

static bool
is_root(const xmlNode *node)
{
    return node->parent != NULL && node->parent->type == XML_DOCUMENT_NODE;
}

/* <metadata> and <qemu:commandline>: libvirt drops them when they are empty, so that their absence
 * says nothing; only what is in them counts. Returns as merge_child(). */
static xmlNode *
merge_container(MvmMerge *merge, xmlNode *live_parent, const MvmMergeTriple *at, xmlNode *after,
                bool forced)
{
    MvmMergeTriple here = *at;
    bool was_empty = here.live != NULL && here.live->children == NULL;

    if (here.live == NULL && here.new == NULL)
        return after;
    if (here.live == NULL)
        here.live = mvm_merge_insert(live_parent, here.new, after, false);
    forced = forced || (here.new != NULL &&g_hash_table_contains(merge->forced, here.new));
    merge_children(merge, &here, forced);
    if (mvm_xml_is(here.live, "qemu:commandline"))
        mvm_merge_args(merge, here.base, here.live, here.new, forced);
    if (here.live->children != NULL || was_empty)
        return here.live;
    mvm_xml_drop(here.live);
    return after;
}

/* macvm's own element in <metadata>: new's, or what live has when new has none. */
static xmlNode *
replace_own(xmlNode *live_parent, const MvmMergeTriple *at, xmlNode *after)
{
    xmlNode *copy = NULL;

    if (at->new == NULL || (at->live != NULL && mvm_xml_equal(at->live, at->new)))
        return at->live == NULL ? after : at->live;
    copy = mvm_merge_insert(live_parent, at->new, at->live == NULL ? after : at->live, true);
    if (at->live != NULL)
        mvm_xml_drop(at->live);
    return copy;
}

/* The elements that do not follow the general rule. Sets *after and returns true for one. */
static bool
merge_special(MvmMerge *merge, xmlNode *live_parent, const MvmMergeTriple *at, xmlNode **after,
              bool forced)
{
    xmlNode *node = at->new == NULL ? at->base : at->new;
    bool top = is_root(live_parent);

    if (mvm_xml_is(node, "qemu:arg"))
        return true; /* mvm_merge_args() does them */
    if (top && (mvm_xml_is(node, "name") || mvm_xml_is(node, "uuid"))) {
        *after = at->live == NULL ? *after : at->live;
        return true;
    }
    if (top && (mvm_xml_is(node, "metadata") || mvm_xml_is(node, "qemu:commandline"))) {
        *after = merge_container(merge, live_parent, at, *after, forced);
        return true;
    }
    if (mvm_xml_is(live_parent, "metadata") && is_root(live_parent->parent) && node->ns != NULL &&
        strcmp((const char *)node->ns->href, MVM_XML_NS_MACVM) == 0) {
        *after = replace_own(live_parent, at, *after);
        return true;
    }
    return false;
}

static void
merge_children(MvmMerge *merge, const MvmMergeTriple *parent, bool forced)
{
    g_autoptr(GArray) triples = mvm_merge_match(parent->base, parent->live, parent->new);
    xmlNode *after = NULL;

    for (size_t i = 0; i < triples->len; i++) {
        const MvmMergeTriple *at = &g_array_index(triples, MvmMergeTriple, i);

        if (merge_special(merge, parent->live, at, &after, forced))
            continue;
        if (at->new != NULL)
            after = merge_child(merge, parent->live, at, after, forced);
        else if (at->live != NULL)
            drop_element(merge, at, forced);
    }
}

/* What the command line is about and the last rendering had; see drop_element(). */
static void
find_forced_before(MvmMerge *merge, xmlDoc *base, const char *path)
{
    g_autoptr(GPtrArray) nodes = base != NULL ? mvm_xml_get_nodes(base, path) : NULL;

    for (unsigned i = 0; nodes != NULL && i < nodes->len; i++)
        g_hash_table_add(merge->forced, nodes->pdata[i]);
}

/* Finds what the command line asked for, and what lies above it. */
static void
find_forced(MvmMerge *merge, const MvmMergeInput *input)
{
    for (size_t i = 0; input->forced != NULL && input->forced[i] != NULL; i++) {
        g_autoptr(GPtrArray) nodes = mvm_xml_get_nodes(input->new, input->forced[i]);

        for (unsigned j = 0; j < nodes->len; j++) {
            xmlNode *node = nodes->pdata[j];

            g_hash_table_add(merge->forced, node);
            while ((node = node->parent) != NULL && g_hash_table_add(merge->forcing, node))
                ;
        }
        find_forced_before(merge, input->base, input->forced[i]);
    }
}

/* The root's child of that name, or NULL. */
static xmlNode *
top_node(xmlDoc *doc, const char *name)
{
    xmlNode *node = doc == NULL ? NULL : mvm_xml_element(xmlDocGetRootElement(doc)->children);

    while (node != NULL && !mvm_xml_is(node, name))
        node = mvm_xml_element(node->next);
    return node;
}

/* libvirt derives <currentMemory> from <memory>; a stale one would make the balloon keep a guest
 * at its old size. */
static void
follow_memory(const MvmMergeInput *input, xmlDoc *merged)
{
    xmlNode *current = top_node(merged, "currentMemory");
    xmlNode *memory = top_node(merged, "memory");
    g_autofree char *before = mvm_merge_text(top_node(input->live, "memory"));
    g_autofree char *after = mvm_merge_text(memory);
    g_autofree char *balloon = mvm_merge_text(current);

    if (current == NULL || memory == NULL || top_node(input->new, "currentMemory") != NULL ||
        top_node(input->base, "currentMemory") != NULL)
        return;
    if (mvm_merge_same(MVM_VALUE_SIZE, before, balloon, MVM_SIDE_LIVE) &&
        !mvm_merge_same(MVM_VALUE_SIZE, before, after, MVM_SIDE_LIVE))
        mvm_merge_set_text(current, memory);
}

static bool
same_root(xmlDoc *a, xmlDoc *b)
{
    return xmlStrEqual(xmlDocGetRootElement(a)->name, xmlDocGetRootElement(b)->name);
}

MvmMergeResult *
mvm_merge(const MvmMergeInput *input)
{
    MvmMergeResult *result = g_new0(MvmMergeResult, 1);
    g_autoptr(GHashTable) forced = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) forcing = g_hash_table_new(NULL, NULL);
    MvmMerge merge = {input->policy, forced, forcing, NULL, NULL};
    MvmMergeInput in = *input;
    MvmMergeTriple root = {NULL, NULL, xmlDocGetRootElement(in.new)};

    g_assert(same_root(in.live, in.new));
    if (in.base != NULL && !same_root(in.base, in.live))
        in.base = NULL;
    result->merged = mvm_xml_copy(in.live);
    result->conflicts = g_ptr_array_new_with_free_func(mvm_merge_conflict_free);
    result->overruled = g_ptr_array_new_with_free_func(mvm_merge_conflict_free);
    merge.conflicts = result->conflicts;
    merge.overruled = in.base == NULL ? NULL : result->overruled;
    root.live = xmlDocGetRootElement(result->merged);
    root.base = in.base == NULL ? NULL : xmlDocGetRootElement(in.base);
    find_forced(&merge, &in);
    merge_element(&merge, &root, false);
    follow_memory(&in, result->merged);
    if (result->conflicts->len > 0) {
        xmlFreeDoc(result->merged);
        result->merged = mvm_xml_copy(in.live);
    }
    result->changed =
        !mvm_xml_equal(xmlDocGetRootElement(in.live), xmlDocGetRootElement(result->merged));
    return result;
}

void
mvm_merge_result_free(MvmMergeResult *result)
{
    if (result == NULL)
        return;
    xmlFreeDoc(result->merged);
    g_ptr_array_unref(result->conflicts);
    g_ptr_array_unref(result->overruled);
    g_free(result);
}
