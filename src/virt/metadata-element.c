/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/metadata-priv.h"

/* libvirt takes our namespace out of what it hands over: no namespace is ours as well. */
static bool
is_ours(const xmlNode *node)
{
    return node->ns == NULL || g_str_equal((const char *)node->ns->href, MVM_XML_NS_MACVM);
}

/* The attribute's value; the caller frees. */
static char *
attr_text(const xmlAttr *attr)
{
    GString *text = g_string_new(NULL);

    for (const xmlNode *part = attr->children; part != NULL; part = part->next) {
        if (part->type == XML_TEXT_NODE)
            g_string_append(text, (const char *)part->content);
    }
    return g_string_free(text, FALSE);
}

/* A list reads hundreds of these elements: XPath would take most of its time. */
char *
mvm_metadata_attr(const xmlNode *node, const char *name)
{
    for (const xmlAttr *attr = node->properties; attr != NULL; attr = attr->next) {
        if (attr->ns == NULL && g_str_equal((const char *)attr->name, name))
            return attr_text(attr);
    }
    return NULL;
}

bool
mvm_metadata_is(const xmlNode *node, const char *name)
{
    return is_ours(node) && g_str_equal((const char *)node->name, name);
}

xmlNode *
mvm_metadata_element(xmlNode *node)
{
    node = mvm_xml_element(node);
    while (node != NULL && !is_ours(node))
        node = mvm_xml_element(node->next);
    return node;
}

static void
copy_attrs(const xmlNode *from, xmlNode *to, const char *const *except)
{
    for (const xmlAttr *attr = from->properties; attr != NULL; attr = attr->next) {
        const char *name = (const char *)attr->name;
        g_autofree char *value = attr_text(attr);

        if (attr->ns == NULL && !g_strv_contains(except, name))
            mvm_xml_attr(to, name, "%s", value);
    }
}

void
mvm_metadata_copy(xmlNode *node, xmlNode *parent)
{
    static const char *const none[] = {NULL};
    g_autofree char *name = g_strconcat("macvm:", (const char *)node->name, NULL);
    g_autofree char *text = mvm_xml_dup_text(node);
    xmlNode *copy = mvm_xml_add(parent, name);

    copy_attrs(node, copy, none);
    if (*text != '\0')
        mvm_xml_set_text(copy, text);
    for (xmlNode *child = mvm_metadata_element(node->children); child != NULL;
         child = mvm_metadata_element(child->next))
        mvm_metadata_copy(child, copy);
}

/* The same for an element of which the attributes in known are fields: those are left out. */
static void
copy_unknown_attrs(xmlNode *node, xmlNode *parent, const char *const *known)
{
    g_autofree char *name = g_strconcat("macvm:", (const char *)node->name, NULL);
    xmlNode *copy = mvm_xml_add(parent, name);

    copy_attrs(node, copy, known);
    for (xmlNode *child = mvm_metadata_element(node->children); child != NULL;
         child = mvm_metadata_element(child->next))
        mvm_metadata_copy(child, copy);
    if (copy->properties == NULL && copy->children == NULL)
        mvm_xml_drop(copy);
}

/* Elements that are there once, and their attributes. */
static const struct {
    const char *name;
    const char *attrs[5]; /* ends with NULL */
} singles[MVM_METADATA_SINGLES] = {
    {"ssh", {"port", "user", NULL}},
    {"identity", {"model", "serial", "mlb", "rom", NULL}},
    {"opencore", {"made", "from", "previous", "previous-from", NULL}},
    {"nvram", {"reset", NULL}},
};

size_t
mvm_metadata_single(const xmlNode *node)
{
    size_t i = 0;

    while (i < MVM_METADATA_SINGLES && !mvm_metadata_is(node, singles[i].name))
        i++;
    return i;
}

const char *
mvm_metadata_single_name(size_t single)
{
    return singles[single].name;
}

xmlDoc *
mvm_metadata_copy_unknown(xmlNode *machine)
{
    static const char *const known[] = {"version", "os", "profile", "uuid", NULL};
    xmlDoc *doc = mvm_xml_new("unknown");
    xmlNode *copy = mvm_xml_add(xmlDocGetRootElement(doc), MVM_METADATA_MACHINE);

    copy_attrs(machine, copy, known);
    for (xmlNode *child = mvm_metadata_element(machine->children); child != NULL;
         child = mvm_metadata_element(child->next)) {
        size_t single = mvm_metadata_single(child);

        if (single < MVM_METADATA_SINGLES)
            copy_unknown_attrs(child, copy, singles[single].attrs);
        else if (!mvm_metadata_is(child, "option") && !mvm_metadata_is(child, "config") &&
                 !mvm_metadata_is(child, "render"))
            mvm_metadata_copy(child, copy);
    }
    return doc;
}
