/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/error.h"
#include "virt/domain-priv.h"
#include "virt/domain.h"

#include <stdlib.h>

/* An IPv4 address of the guest that source knows; NULL when it knows none. The caller frees. */
static char *
ask(MvmDomain *domain, unsigned source)
{
    virDomainInterfacePtr *interfaces = NULL;
    int count = virDomainInterfaceAddresses(domain->virt, &interfaces, source, 0);
    char *found = NULL;

    for (int i = 0; i < count; i++) {
        for (unsigned j = 0; j < interfaces[i]->naddrs; j++) {
            if (found == NULL && interfaces[i]->addrs[j].type == VIR_IP_ADDR_TYPE_IPV4)
                found = g_strdup(interfaces[i]->addrs[j].addr);
        }
        virDomainInterfaceFree(interfaces[i]);
    }
    free(interfaces);
    return found;
}

char *
mvm_domain_find_address(MvmDomain *domain, GError **error)
{
    char *address = ask(domain, VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE);

    if (address == NULL)
        address = ask(domain, VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP);
    if (address == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                    "cannot reach '%s': libvirt knows no address of it", domain->name);
        mvm_error_set_hint(error, "it gets one from its network when it has started; 'macvm set "
                                  "NAME --network user' forwards a port of the host instead");
    }
    return address;
}
