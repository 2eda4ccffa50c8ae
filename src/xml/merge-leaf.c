/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The leaves of the merge: the decision about one, conflicts, attributes and text. */
#include "xml/merge-internal.h"

#include <string.h>

void
mvm_merge_conflict_free(void *data)
{
    MvmMergeConflict *conflict = data;

    g_free(conflict->path);
    g_free(conflict->base);
    g_free(conflict->live);
    g_free(conflict->new);
    g_free(conflict);
}

/* Settles a conflict by the policy: returns whether new's value wins. Takes conflict. */
static bool
settle(MvmMerge *merge, MvmMergeConflict *conflict)
{
    if (merge->policy == MVM_MERGE_STOP)
        g_ptr_array_add(merge->conflicts, conflict);
    else
        mvm_merge_conflict_free(conflict);
    return merge->policy == MVM_MERGE_NEW;
}

static char *
show(const MvmMergeLeaf *leaf, const char *value)
{
    return leaf->attr == NULL ? mvm_merge_show(value) : mvm_merge_show_attr(leaf->attr, value);
}

static char *
path_of(const MvmMergeLeaf *leaf)
{
    g_autofree char *parent = NULL;

    if (leaf->option == NULL)
        return mvm_merge_path(leaf->node, leaf->attr);
    parent = mvm_merge_path(leaf->node->parent, NULL);
    return g_strconcat(parent, "/", leaf->option, NULL);
}

static MvmMergeConflict *
describe_leaf(const MvmMergeLeaf *leaf)
{
    MvmMergeConflict *conflict = g_new0(MvmMergeConflict, 1);

    conflict->path = path_of(leaf);
    conflict->base = show(leaf, leaf->base);
    conflict->live = show(leaf, leaf->live);
    conflict->new = show(leaf, leaf->new);
    return conflict;
}

static MvmMergeConflict *
describe_element(xmlNode *base, xmlNode *live, xmlNode *new)
{
    MvmMergeConflict *conflict = g_new0(MvmMergeConflict, 1);

    conflict->path = mvm_merge_path(new != NULL ? new : base != NULL ? base : live, NULL);
    conflict->base = mvm_merge_show_element(base);
    conflict->live = mvm_merge_show_element(live);
    conflict->new = mvm_merge_show_element(new);
    return conflict;
}

void
mvm_merge_add_edit(GPtrArray *edits, const MvmMergeLeaf *leaf)
{
    g_ptr_array_add(edits, describe_leaf(leaf));
}

void
mvm_merge_add_element_edit(GPtrArray *edits, xmlNode *base, xmlNode *live)
{
    g_ptr_array_add(edits, describe_element(base, live, NULL));
}

bool
mvm_merge_take(MvmMerge *merge, const MvmMergeLeaf *leaf, bool forced)
{
    if (mvm_merge_same(leaf->kind, leaf->new, leaf->live, MVM_SIDE_LIVE))
        return false;
    if (forced) {
        if (merge->overruled != NULL &&
            !mvm_merge_same(leaf->kind, leaf->base, leaf->live, MVM_SIDE_LIVE))
            g_ptr_array_add(merge->overruled, describe_leaf(leaf));
        return true;
    }
    if (mvm_merge_same(leaf->kind, leaf->base, leaf->new, MVM_SIDE_RENDERED))
        return false;
    if (mvm_merge_same(leaf->kind, leaf->base, leaf->live, MVM_SIDE_LIVE))
        return true;
    return settle(merge, describe_leaf(leaf));
}

bool
mvm_merge_clash(MvmMerge *merge, xmlNode *base, xmlNode *live, xmlNode *new)
{
    return settle(merge, describe_element(base, live, new));
}

void
mvm_merge_overrule(MvmMerge *merge, xmlNode *base, xmlNode *live, xmlNode *new)
{
    if (merge->overruled != NULL)
        g_ptr_array_add(merge->overruled, describe_element(base, live, new));
}

/* Gives live the attribute attr of another document; in its old place when it has one. */
static void
copy_attribute(xmlNode *live, xmlAttr *attr, const char *value)
{
    xmlAttr *old = xmlHasNsProp(live, attr->name, attr->ns == NULL ? NULL : attr->ns->href);
    xmlAttr *copy = NULL;

    if (old != NULL) {
        xmlSetNsProp(live, old->ns, attr->name, (const xmlChar *)value);
        return;
    }
    copy = xmlCopyProp(live, attr);
    if (copy == NULL)
        g_error("libxml2 is out of memory");
    copy->parent = NULL; /* the copy names its element without being linked there */
    xmlAddChild(live, (xmlNode *)copy);
}

static void
drop_attribute(xmlNode *live, const char *name, const char *uri)
{
    xmlAttr *attr = xmlHasNsProp(live, (const xmlChar *)name, (const xmlChar *)uri);

    if (attr != NULL)
        xmlRemoveProp(attr);
}

/* Merges one attribute, given as new or else base has it. */
static void
merge_attribute(MvmMerge *merge, const MvmMergeTriple *at, xmlAttr *attr, bool forced)
{
    const char *name = (const char *)attr->name;
    const char *uri = attr->ns == NULL ? NULL : (const char *)attr->ns->href;
    g_autofree char *base = mvm_merge_attr(at->base, name, uri);
    g_autofree char *live = mvm_merge_attr(at->live, name, uri);
    g_autofree char *new = mvm_merge_attr(at->new, name, uri);
    MvmMergeLeaf leaf = {
        .node = at->new,
        .attr = name,
        .kind = mvm_merge_kind(at->new, name),
        .base = base,
        .live = live,
        .new = new,
    };

    if (base == NULL && merge->overruled != NULL &&
        mvm_merge_is_libvirts_attr(at->live, name, live))
        leaf.base = live;
    if (strcmp(name, "unit") == 0 && mvm_merge_is_size(at->new))
        return; /* part of the element's value */
    forced = forced || g_hash_table_contains(merge->forced, attr);
    if (forced && at->base == at->new &&live == NULL) { /* no part of what the user made of it */
        if (!settle(merge, describe_leaf(&leaf)))
            return;
    } else if (!mvm_merge_take(merge, &leaf, forced)) {
        return;
    }
    if (new == NULL)
        drop_attribute(at->live, name, uri);
    else
        copy_attribute(at->live, attr, new);
}

void
mvm_merge_attributes(MvmMerge *merge, const MvmMergeTriple *at, bool forced)
{
    for (xmlAttr *attr = at->new->properties; attr != NULL; attr = attr->next)
        merge_attribute(merge, at, attr, forced);
    for (xmlAttr *attr = at->base == NULL ? NULL : at->base->properties; attr != NULL;
         attr = attr->next) {
        const xmlChar *uri = attr->ns == NULL ? NULL : attr->ns->href;

        if (xmlHasNsProp(at->new, attr->name, uri) == NULL)
            merge_attribute(merge, at, attr, forced);
    }
}

void
mvm_merge_set_text(xmlNode *live, xmlNode *new)
{
    g_autofree char *text = mvm_xml_dup_text(new);
    g_autofree char *unit = mvm_merge_attr(new, "unit", NULL);
    xmlNode *next = NULL;

    for (xmlNode *child = live->children; child != NULL; child = next) {
        next = child->next;
        if (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE)
            mvm_xml_drop(child);
    }
    if (live->children == NULL)
        mvm_xml_set_text(live, text);
    else if (text[0] != '\0')
        xmlAddPrevSibling(live->children, xmlNewDocText(live->doc, (const xmlChar *)text));
    if (mvm_merge_is_size(new))
        mvm_xml_attr(live, "unit", "%s", unit == NULL ? "KiB" : unit);
}

void
mvm_merge_own_text(MvmMerge *merge, const MvmMergeTriple *at, bool forced)
{
    g_autofree char *base = mvm_merge_text(at->base);
    g_autofree char *live = mvm_merge_text(at->live);
    g_autofree char *new = mvm_merge_text(at->new);
    MvmMergeLeaf leaf = {
        .node = at->new,
        .kind = mvm_merge_kind(at->new, NULL),
        .base = base,
        .live = live,
        .new = new,
    };
    xmlAttr *unit = xmlHasNsProp(at->new, (const xmlChar *)"unit", NULL);

    /* An empty element says nothing about text: what libvirt or the user put there may stay. */
    if (at->base == NULL && new[0] == '\0')
        return;
    forced = forced || (unit != NULL && mvm_merge_is_size(at->new) &&
                        g_hash_table_contains(merge->forced, unit));
    if (mvm_merge_take(merge, &leaf, forced))
        mvm_merge_set_text(at->live, at->new);
}
