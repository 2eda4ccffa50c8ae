/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/network.h"

#include "virt/connection-priv.h"

#include <net/if.h>

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

/* libvirt asks udev, which in a container may know another one's devices, and its driver for that
 * is a package of its own: on this very machine the kernel decides. */
bool
mvm_network_lacks_bridge(MvmConnection *conn, const char *name)
{
    virInterfacePtr interface = virInterfaceLookupByName(conn->virt, name);
    int code = interface == NULL ? mvm_virt_last_code() : VIR_ERR_OK;
    bool remote = conn->endpoint->remote;
    bool lacks =
        interface == NULL && (remote ? code == VIR_ERR_NO_INTERFACE : if_nametoindex(name) == 0);

    if (interface != NULL)
        virInterfaceFree(interface);
    return lacks;
}
