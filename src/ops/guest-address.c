/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/guest-address.h"

#define SSH_PORT 22

MvmGuestAddress *
mvm_guest_address_find(MvmDomain *domain, const MvmMetadata *metadata, GError **error)
{
    MvmGuestAddress *address = NULL;
    char *host =
        metadata->ssh_port > 0 ? g_strdup("127.0.0.1") : mvm_domain_find_address(domain, error);

    if (host == NULL)
        return NULL;
    address = g_new0(MvmGuestAddress, 1);
    address->host = host;
    address->port = metadata->ssh_port > 0 ? metadata->ssh_port : SSH_PORT;
    return address;
}

void
mvm_guest_address_free(MvmGuestAddress *address)
{
    if (address == NULL)
        return;
    g_free(address->host);
    g_free(address);
}
