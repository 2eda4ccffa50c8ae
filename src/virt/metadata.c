/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/metadata.h"

#include "util/error.h"

#include <string.h>

#define MACHINE "macvm:machine"
#define OS_MAX_LEN 32
#define OPTION_MAX_LEN 4096
#define DIGEST_MAX_LEN 64

static void
option_free(void *data)
{
    MvmMetadataOption *option = data;

    g_free(option->name);
    g_free(option->value);
    g_free(option);
}

MvmMetadata *
mvm_metadata_new(void)
{
    MvmMetadata *metadata = g_new0(MvmMetadata, 1);

    metadata->version = MVM_METADATA_VERSION;
    metadata->options = g_ptr_array_new_with_free_func(option_free);
    return metadata;
}

void
mvm_metadata_free(MvmMetadata *metadata)
{
    if (metadata == NULL)
        return;
    g_free(metadata->os);
    g_free(metadata->ssh_user);
    mvm_identity_free(metadata->identity);
    g_free(metadata->opencore_made);
    g_ptr_array_unref(metadata->options);
    g_free(metadata->render);
    g_clear_pointer(&metadata->unknown, xmlFreeDoc);
    g_free(metadata);
}

static MvmMetadataOption *
find_option(const MvmMetadata *metadata, const char *name)
{
    for (guint i = 0; i < metadata->options->len; i++) {
        MvmMetadataOption *option = metadata->options->pdata[i];

        if (g_str_equal(option->name, name))
            return option;
    }
    return NULL;
}

const char *
mvm_metadata_get_option(const MvmMetadata *metadata, const char *name)
{
    const MvmMetadataOption *option = find_option(metadata, name);

    return option != NULL ? option->value : NULL;
}

void
mvm_metadata_set_option(MvmMetadata *metadata, const char *name, const char *value)
{
    MvmMetadataOption *option = find_option(metadata, name);

    if (option != NULL && value == NULL) {
        g_ptr_array_remove(metadata->options, option);
    } else if (option != NULL) {
        g_free(option->value);
        option->value = g_strdup(value);
    } else if (value != NULL) {
        option = g_new0(MvmMetadataOption, 1);
        option->name = g_strdup(name);
        option->value = g_strdup(value);
        g_ptr_array_add(metadata->options, option);
    }
}

bool
mvm_ssh_user_is_valid(const char *text)
{
    if (*text == '\0' || *text == '-')
        return false;
    for (const char *p = text; *p != '\0'; p++) {
        if ((guchar)*p <= ' ' || *p == 0x7f || strchr("'`\"\\;&<>|(){}$", *p) != NULL)
            return false;
    }
    return true;
}

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

/* The value of the attribute called name, or NULL. A list reads hundreds of these elements: XPath
 * would take most of its time. */
static char *
get_attr(const xmlNode *node, const char *name)
{
    for (const xmlAttr *attr = node->properties; attr != NULL; attr = attr->next) {
        if (attr->ns == NULL && g_str_equal((const char *)attr->name, name))
            return attr_text(attr);
    }
    return NULL;
}

static bool
has_name(const xmlNode *node, const char *name)
{
    return is_ours(node) && g_str_equal((const char *)node->name, name);
}

/* The next child of ours from node on. */
static xmlNode *
our_element(xmlNode *node)
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

/* Appends a copy of node, an element of ours, to parent, in our namespace whatever it was in. What
 * is of another namespace is not copied: libvirt allows one element a namespace anyway. */
static void
copy_ours(xmlNode *node, xmlNode *parent)
{
    static const char *const none[] = {NULL};
    g_autofree char *name = g_strconcat("macvm:", (const char *)node->name, NULL);
    g_autofree char *text = mvm_xml_dup_text(node);
    xmlNode *copy = mvm_xml_add(parent, name);

    copy_attrs(node, copy, none);
    if (*text != '\0')
        mvm_xml_set_text(copy, text);
    for (xmlNode *child = our_element(node->children); child != NULL;
         child = our_element(child->next))
        copy_ours(child, copy);
}

/* The same for an element of which the attributes in known are fields: those are left out. */
static void
copy_unknown_attrs(xmlNode *node, xmlNode *parent, const char *const *known)
{
    g_autofree char *name = g_strconcat("macvm:", (const char *)node->name, NULL);
    xmlNode *copy = mvm_xml_add(parent, name);

    copy_attrs(node, copy, known);
    for (xmlNode *child = our_element(node->children); child != NULL;
         child = our_element(child->next))
        copy_ours(child, copy);
    if (copy->properties == NULL && copy->children == NULL)
        mvm_xml_drop(copy);
}

/* Elements that are there once, and their attributes. */
static const struct {
    const char *name;
    const char *attrs[5];
} singles[] = {
    {"ssh", {"port", "user", NULL}},
    {"identity", {"model", "serial", "mlb", "rom", NULL}},
    {"opencore", {"made", NULL}},
};

/* The index of node's row in singles, or their number. */
static size_t
find_single(const xmlNode *node)
{
    size_t i = 0;

    while (i < G_N_ELEMENTS(singles) && !has_name(node, singles[i].name))
        i++;
    return i;
}

/* What of machine, the whole element, is in no field of MvmMetadata. */
static xmlDoc *
copy_unknown(xmlNode *machine)
{
    static const char *const known[] = {"version", "os", NULL};
    xmlDoc *doc = mvm_xml_new("unknown");
    xmlNode *copy = mvm_xml_add(xmlDocGetRootElement(doc), MACHINE);

    copy_attrs(machine, copy, known);
    for (xmlNode *child = our_element(machine->children); child != NULL;
         child = our_element(child->next)) {
        size_t single = find_single(child);

        if (single < G_N_ELEMENTS(singles))
            copy_unknown_attrs(child, copy, singles[single].attrs);
        else if (!has_name(child, "option") && !has_name(child, "render"))
            copy_ours(child, copy);
    }
    return doc;
}

static bool
invalid(const char *what, const char *value, GError **error)
{
    g_autofree char *shown = g_strescape(value, NULL);

    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "%s '%.64s' is not valid", what, shown);
    return false;
}

/* A decimal number of at most max; missing (NULL) is 0. */
static bool
read_number(const char *text, const char *what, int max, int *ret_value, GError **error)
{
    guint64 value = 0;

    if (text != NULL && !g_ascii_string_to_unsigned(text, 10, 1, (guint64)max, &value, NULL))
        return invalid(what, text, error);
    *ret_value = (int)value;
    return true;
}

static bool
read_ssh(MvmMetadata *metadata, const xmlNode *node, GError **error)
{
    g_autofree char *port = get_attr(node, "port");

    g_free(metadata->ssh_user);
    metadata->ssh_user = get_attr(node, "user");
    if (metadata->ssh_user != NULL && !mvm_ssh_user_is_valid(metadata->ssh_user))
        return invalid("the ssh user", metadata->ssh_user, error);
    return read_number(port, "the ssh port", G_MAXUINT16, &metadata->ssh_port, error);
}

static bool
read_identity(MvmMetadata *metadata, const xmlNode *node, GError **error)
{
    g_autoptr(MvmIdentity) identity = g_new0(MvmIdentity, 1);

    identity->model = get_attr(node, "model");
    identity->serial = get_attr(node, "serial");
    identity->mlb = get_attr(node, "mlb");
    identity->rom = get_attr(node, "rom");
    if (identity->model == NULL || identity->serial == NULL || identity->mlb == NULL ||
        identity->rom == NULL)
        return invalid("the element", "identity", error);
    if (!mvm_identity_check(identity, error))
        return false;
    metadata->identity = g_steal_pointer(&identity);
    return true;
}

static bool
read_opencore(MvmMetadata *metadata, const xmlNode *node, GError **error)
{
    metadata->opencore_made = get_attr(node, "made");
    if (metadata->opencore_made != NULL && strlen(metadata->opencore_made) > DIGEST_MAX_LEN)
        return invalid("the digest", metadata->opencore_made, error);
    return true;
}

static bool
read_option(MvmMetadata *metadata, const xmlNode *node, GError **error)
{
    g_autofree char *name = get_attr(node, "name");
    g_autofree char *value = mvm_xml_dup_text(node);

    if (name == NULL || *name == '\0' || strlen(name) > OPTION_MAX_LEN)
        return invalid("the name of an option", name != NULL ? name : "", error);
    if (strlen(value) > OPTION_MAX_LEN)
        return invalid("the value of option", name, error);
    if (metadata->options->len >= MVM_METADATA_MAX_OPTIONS) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "more than %d options",
                    MVM_METADATA_MAX_OPTIONS);
        return false;
    }
    mvm_metadata_set_option(metadata, name, value);
    return true;
}

static bool
read_child(MvmMetadata *metadata, xmlNode *child, GError **error)
{
    if (has_name(child, "ssh"))
        return read_ssh(metadata, child, error);
    if (has_name(child, "identity"))
        return read_identity(metadata, child, error);
    if (has_name(child, "opencore"))
        return read_opencore(metadata, child, error);
    if (has_name(child, "option"))
        return read_option(metadata, child, error);
    if (has_name(child, "render")) {
        g_free(metadata->render);
        metadata->render = mvm_xml_dup_text(child);
    }
    return true;
}

static bool
read_all(MvmMetadata *metadata, xmlNode *machine, GError **error)
{
    g_autofree char *version = get_attr(machine, "version");
    unsigned seen[G_N_ELEMENTS(singles)] = {0};

    metadata->os = get_attr(machine, "os");
    if (metadata->os != NULL && strlen(metadata->os) > OS_MAX_LEN)
        return invalid("the macOS version", metadata->os, error);
    if (!read_number(version, "the version", G_MAXINT, &metadata->version, error))
        return false;
    for (xmlNode *child = our_element(machine->children); child != NULL;
         child = our_element(child->next)) {
        size_t single = find_single(child);

        if (single < G_N_ELEMENTS(singles) && seen[single]++ > 0)
            return invalid("a second element", singles[single].name, error);
        if (!read_child(metadata, child, error))
            return false;
    }
    return true;
}

static MvmMetadata *
parse(const char *text, GError **error)
{
    g_autoptr(MvmMetadata) metadata = mvm_metadata_new();
    g_autoptr(xmlDoc) raw = NULL;
    xmlNode *root = NULL;

    if (strlen(text) > MVM_METADATA_MAX_SIZE) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "more than %d bytes",
                    MVM_METADATA_MAX_SIZE);
        return NULL;
    }
    raw = mvm_xml_parse(text, strlen(text), "metadata", error);
    if (raw == NULL)
        return NULL;
    root = xmlDocGetRootElement(raw);
    if (!has_name(root, "machine")) {
        invalid("the element", (const char *)root->name, error);
        return NULL;
    }
    if (!read_all(metadata, root, error))
        return NULL;
    metadata->unknown = copy_unknown(root);
    return g_steal_pointer(&metadata);
}

MvmMetadata *
mvm_metadata_parse(const char *text, const char *machine, GError **error)
{
    MvmMetadata *metadata = parse(text, error);

    if (metadata == NULL) {
        g_prefix_error(error, "cannot read what macvm remembers of '%s': ", machine);
        mvm_error_set_hint(error, "'virsh edit' shows it under <metadata>; "
                                  "correct or remove it there");
    }
    return metadata;
}

static xmlNode *
ensure_child(xmlNode *parent, const char *name)
{
    for (xmlNode *child = mvm_xml_element(parent->children); child != NULL;
         child = mvm_xml_element(child->next)) {
        if (mvm_xml_is(child, name))
            return child;
    }
    return mvm_xml_add(parent, name);
}

static void
drop_children(xmlNode *parent, const char *name)
{
    xmlNode *next = NULL;

    for (xmlNode *child = mvm_xml_element(parent->children); child != NULL; child = next) {
        next = mvm_xml_element(child->next);
        if (mvm_xml_is(child, name))
            mvm_xml_drop(child);
    }
}

static void
write_ssh(const MvmMetadata *metadata, xmlNode *machine)
{
    xmlNode *ssh = NULL;

    if (metadata->ssh_port == 0 && metadata->ssh_user == NULL)
        return;
    ssh = ensure_child(machine, "macvm:ssh");
    if (metadata->ssh_port != 0)
        mvm_xml_attr(ssh, "port", "%d", metadata->ssh_port);
    if (metadata->ssh_user != NULL)
        mvm_xml_attr(ssh, "user", "%s", metadata->ssh_user);
}

static void
write_opencore(const MvmMetadata *metadata, xmlNode *machine)
{
    const MvmIdentity *identity = metadata->identity;

    if (identity != NULL) {
        xmlNode *node = ensure_child(machine, "macvm:identity");

        mvm_xml_attr(node, "model", "%s", identity->model);
        mvm_xml_attr(node, "serial", "%s", identity->serial);
        mvm_xml_attr(node, "mlb", "%s", identity->mlb);
        mvm_xml_attr(node, "rom", "%s", identity->rom);
    }
    if (metadata->opencore_made != NULL)
        mvm_xml_attr(ensure_child(machine, "macvm:opencore"), "made", "%s",
                     metadata->opencore_made);
}

void
mvm_metadata_write(const MvmMetadata *metadata, xmlNode *parent)
{
    xmlNode *unknown =
        metadata->unknown == NULL ? NULL : xmlDocGetRootElement(metadata->unknown)->children;
    xmlNode *machine = NULL;

    drop_children(parent, MACHINE);
    if (unknown != NULL)
        copy_ours(unknown, parent);
    machine = ensure_child(parent, MACHINE);
    /* A newer macvm's version stays: what it added is still there. */
    mvm_xml_attr(machine, "version", "%d", MAX(metadata->version, MVM_METADATA_VERSION));
    if (metadata->os != NULL)
        mvm_xml_attr(machine, "os", "%s", metadata->os);
    write_ssh(metadata, machine);
    write_opencore(metadata, machine);
    for (guint i = 0; i < metadata->options->len; i++) {
        const MvmMetadataOption *option = metadata->options->pdata[i];
        xmlNode *node = mvm_xml_add_text(machine, "macvm:option", "%s", option->value);

        mvm_xml_attr(node, "name", "%s", option->name);
    }
    if (metadata->render != NULL)
        mvm_xml_add_text(machine, "macvm:render", "%s", metadata->render);
}

char *
mvm_metadata_to_text(const MvmMetadata *metadata)
{
    g_autoptr(xmlDoc) doc = mvm_xml_new("metadata");

    mvm_metadata_write(metadata, xmlDocGetRootElement(doc));
    return mvm_xml_node_to_text(mvm_xml_get_node(doc, "/metadata/" MACHINE));
}
