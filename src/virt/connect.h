/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening libvirt's connection with an end to waiting for it: virConnectOpenAuth() itself has none.
 */
#pragma once

#include "virt/connection-priv.h"

/* Opens uri, or NULL as mvm_connection_open() has it, with keep-alive on, so that every later call
 * fails within 40 seconds when the other end does not answer any more. Time that the user takes for
 * an answer (a password, a host key) does not count. ret_privileged: the daemon confines its guests
 * to another user, as the system's does; asked only of uri's that end in /session. Fails with
 * MVM_ERROR_HOST, also after timeout seconds, and with MVM_ERROR_CANCELLED at Ctrl-C; in both of
 * these cases the programs that were started for the connection are ended. */
virConnectPtr mvm_virt_connect(const char *uri, unsigned timeout, bool *ret_privileged,
                               GError **error);
