/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libvirt's networks. */
#pragma once

#include "virt/connection.h"

#include <glib.h>
#include <stdbool.h>

/* Whether the network called name is active. Fails with MVM_ERROR_NOT_FOUND when there is none. */
bool mvm_network_is_active(MvmConnection *conn, const char *name, bool *ret_active, GError **error);

/* Whether the host is known to have no device called name, as a bridge has. A libvirt without its
 * driver for interfaces knows nothing. */
bool mvm_network_lacks_bridge(MvmConnection *conn, const char *name);
