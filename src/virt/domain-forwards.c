/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/domain-forwards.h"

#include "virt/connection-priv.h"

#include <stdlib.h>
#include <string.h>

void
mvm_domain_forwards_free(MvmDomainForwards *forwards)
{
    if (forwards == NULL)
        return;
    g_free(forwards->name);
    g_clear_pointer(&forwards->now, g_ptr_array_unref);
    g_clear_pointer(&forwards->later, g_ptr_array_unref);
    g_free(forwards);
}

static xmlDoc *
read_doc(virDomainPtr domain, unsigned flags)
{
    char *text = virDomainGetXMLDesc(domain, flags);
    xmlDoc *doc = text != NULL ? mvm_xml_parse(text, strlen(text), "domain", NULL) : NULL;

    free(text);
    return doc;
}

/* The forward may have been edited away; the next define, or the user, may bring it back. */
static void
add_remembered(GPtrArray *forwards, xmlDoc *doc)
{
    uint64_t port = 0;
    MvmForward *forward = NULL;

    if (!mvm_xml_get_uint(doc, "/domain/metadata/macvm:machine/macvm:ssh/@port", &port, NULL) ||
        port == 0 || port > G_MAXUINT16)
        return;
    forward = g_new0(MvmForward, 1);
    *forward = (MvmForward){g_strdup("127.0.0.1"), (unsigned)port, (unsigned)port, 22};
    g_ptr_array_add(forwards, forward);
}

static MvmDomainForwards *
read_domain(virDomainPtr domain)
{
    g_autoptr(xmlDoc) later = read_doc(domain, VIR_DOMAIN_XML_INACTIVE);
    g_autoptr(xmlDoc) now = NULL;
    MvmDomainForwards *forwards = NULL;

    if (virDomainIsActive(domain) == 1)
        now = read_doc(domain, 0);
    if (later == NULL)
        return NULL;
    forwards = g_new0(MvmDomainForwards, 1);
    forwards->name = g_strdup(virDomainGetName(domain));
    forwards->managed = mvm_xml_get_node(later, "/domain/metadata/macvm:machine") != NULL;
    forwards->now = now != NULL ? mvm_forwards_read(now) : NULL;
    forwards->later = mvm_forwards_read(later);
    add_remembered(forwards->later, later);
    return forwards;
}

GPtrArray *
mvm_domain_forwards_list(MvmConnection *conn, GError **error)
{
    g_autoptr(GPtrArray) list =
        g_ptr_array_new_with_free_func((GDestroyNotify)mvm_domain_forwards_free);
    virDomainPtr *domains = NULL;
    int count = virConnectListAllDomains(conn->virt, &domains, 0);

    if (count < 0) {
        mvm_virt_set_error(error, "list the machines");
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        MvmDomainForwards *forwards = read_domain(domains[i]);

        if (forwards != NULL)
            g_ptr_array_add(list, forwards);
        virDomainFree(domains[i]);
    }
    free(domains);
    return g_steal_pointer(&list);
}
