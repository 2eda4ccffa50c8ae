/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/import-priv.h"
#include "xml/xml.h"

/* The element called name below parent, which has the attribute name with value entry, if that is
 * not NULL; made when missing. */
static xmlNode *
ensure(xmlNode *parent, const char *name, const char *entry)
{
    for (xmlNode *node = mvm_xml_element(parent->children); node != NULL;
         node = mvm_xml_element(node->next)) {
        g_autofree char *has = entry != NULL ? mvm_xml_node_get(node, "@name") : NULL;

        if (mvm_xml_is(node, name) && g_strcmp0(has, entry) == 0)
            return node;
    }
    parent = mvm_xml_add(parent, name);
    return entry != NULL ? mvm_xml_attr(parent, "name", "%s", entry) : parent;
}

void
mvm_import_edit_domain(xmlDoc *doc, const void *data)
{
    const MvmImportSource *source = data;

    if (source->title != NULL)
        mvm_xml_set(doc, "/domain/title", "%s", source->title);
    if (source->description != NULL)
        mvm_xml_set(doc, "/domain/description", "%s", source->description);
    for (guint i = 0; i < source->smbios->len; i++) {
        const MvmImportSmbios *entry = source->smbios->pdata[i];
        xmlNode *block = ensure(mvm_xml_ensure(doc, "/domain/sysinfo"), entry->block, NULL);

        mvm_xml_set_text(ensure(block, "entry", entry->name), entry->value);
    }
}
