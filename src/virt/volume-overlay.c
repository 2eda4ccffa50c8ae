/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/connection-priv.h"
#include "virt/volume-priv.h"
#include "xml/xml.h"

MvmVolume *
mvm_volume_create_overlay(MvmPool *pool, const char *name, const MvmVolume *base, GError **error)
{
    g_autoptr(xmlDoc) doc = mvm_xml_new("volume");
    g_autoptr(virStorageVol) vol = NULL;
    g_autofree char *xml = NULL;

    if (!mvm_volume_check_name(name, error))
        return NULL;
    mvm_xml_set(doc, "/volume/name", "%s", name);
    mvm_xml_set(doc, "/volume/capacity", "%" G_GUINT64_FORMAT, base->capacity);
    mvm_xml_set(doc, "/volume/target/format/@type", "qcow2");
    mvm_xml_set(doc, "/volume/backingStore/path", "%s", base->path);
    /* Named, so that nobody has to guess it from bytes that a guest may have written. */
    mvm_xml_set(doc, "/volume/backingStore/format/@type", "%s",
                *base->format != '\0' ? base->format : "raw");
    xml = mvm_xml_to_text(doc);
    vol = virStorageVolCreateXML(pool->virt, xml, 0);
    if (vol == NULL) {
        mvm_virt_set_error(error, "make volume '%s' over '%s'", name, base->name);
        return NULL;
    }
    return mvm_volume_read(vol, pool->name, error);
}
