/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/network.h"

#include "virt/connection-priv.h"

bool
mvm_network_is_active(MvmConnection *conn, const char *name, bool *ret_active, GError **error)
{
    virNetworkPtr network = virNetworkLookupByName(conn->virt, name);

    if (network == NULL)
        return mvm_virt_set_error(error, "find network '%s'", name);
    *ret_active = virNetworkIsActive(network) == 1;
    virNetworkFree(network);
    return true;
}
