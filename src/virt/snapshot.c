/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/snapshot.h"

#include "virt/connection-priv.h"
#include "xml/xml.h"

#include <stdlib.h>
#include <string.h>

/* One that cannot be read is passed over. */
static bool
has_overlay(virDomainSnapshotPtr snapshot, const char *path)
{
    char *xml = virDomainSnapshotGetXMLDesc(snapshot, 0);
    g_autoptr(xmlDoc) doc = xml != NULL ? mvm_xml_parse(xml, strlen(xml), "snapshot", NULL) : NULL;
    g_autoptr(GPtrArray) files =
        doc == NULL ? NULL : mvm_xml_get_nodes(doc, "/domainsnapshot/disks/disk/source/@file");
    bool found = false;

    free(xml);
    for (guint i = 0; files != NULL && i < files->len && !found; i++) {
        g_autofree char *file = mvm_xml_dup_text(files->pdata[i]);

        found = g_str_equal(file, path);
    }
    return found;
}

char *
mvm_snapshot_find(MvmConnection *conn, const char *domain, const char *path)
{
    g_autoptr(virDomain) virt = virDomainLookupByName(conn->virt, domain);
    virDomainSnapshotPtr *snapshots = NULL;
    int count = virt != NULL ? virDomainListAllSnapshots(virt, &snapshots, 0) : 0;
    char *name = NULL;

    for (int i = 0; i < count; i++) {
        if (name == NULL && has_overlay(snapshots[i], path))
            name = g_strdup(virDomainSnapshotGetName(snapshots[i]));
        virDomainSnapshotFree(snapshots[i]);
    }
    free(snapshots);
    return name;
}
