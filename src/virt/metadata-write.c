/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/metadata-priv.h"

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
write_disk(xmlNode *machine, const char *name, const char *value)
{
    if (value != NULL)
        mvm_xml_attr(ensure_child(machine, "macvm:opencore"), name, "%s", value);
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
    write_disk(machine, "made", metadata->opencore_made);
    write_disk(machine, "from", metadata->opencore_from);
    write_disk(machine, "previous", metadata->opencore_previous);
    write_disk(machine, "previous-from", metadata->opencore_previous_from);
}

void
mvm_metadata_write(const MvmMetadata *metadata, xmlNode *parent)
{
    xmlNode *unknown =
        metadata->unknown == NULL ? NULL : xmlDocGetRootElement(metadata->unknown)->children;
    xmlNode *machine = NULL;

    drop_children(parent, MVM_METADATA_MACHINE);
    if (unknown != NULL)
        mvm_metadata_copy(unknown, parent);
    machine = ensure_child(parent, MVM_METADATA_MACHINE);
    /* A newer macvm's version stays: what it added is still there. */
    mvm_xml_attr(machine, "version", "%d", MAX(metadata->version, MVM_METADATA_VERSION));
    if (metadata->os != NULL)
        mvm_xml_attr(machine, "os", "%s", metadata->os);
    if (metadata->profile != 0)
        mvm_xml_attr(machine, "profile", "%d", metadata->profile);
    if (metadata->uuid != NULL)
        mvm_xml_attr(machine, "uuid", "%s", metadata->uuid);
    write_ssh(metadata, machine);
    write_opencore(metadata, machine);
    if (metadata->reset_nvram)
        mvm_xml_attr(ensure_child(machine, "macvm:nvram"), "reset", "yes");
    for (guint i = 0; i < metadata->config->len; i++) {
        const MvmConfigEdit *edit = metadata->config->pdata[i];
        xmlNode *node = mvm_xml_add_text(machine, "macvm:config", "%s", edit->value);

        mvm_xml_attr(node, "key", "%s", edit->key);
        mvm_xml_attr(node, "type", "%s", edit->type);
    }
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
    return mvm_xml_node_to_text(mvm_xml_get_node(doc, "/metadata/" MVM_METADATA_MACHINE));
}

static void
drop_namespace(xmlNode *node)
{
    node->ns = NULL;
    for (xmlNode *child = mvm_xml_element(node->children); child != NULL;
         child = mvm_xml_element(child->next))
        drop_namespace(child);
}

char *
mvm_metadata_to_plain_text(const MvmMetadata *metadata)
{
    g_autoptr(xmlDoc) doc = mvm_xml_new("metadata");
    xmlNode *machine = NULL;

    mvm_metadata_write(metadata, xmlDocGetRootElement(doc));
    machine = mvm_xml_get_node(doc, "/metadata/" MVM_METADATA_MACHINE);
    drop_namespace(machine);
    return mvm_xml_node_to_text(machine);
}
