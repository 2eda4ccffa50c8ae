/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parts of error.c. */
#pragma once

#include <stdbool.h>

/* What helps against a failure of this host's (MVM_ERROR_HOST): one of libvirt's daemons, this one
 * or one that it needs itself, cannot be reached, or QEMU may not listen on a port; by the message
 * (as of 9.0, 11.3 and 12.8); NULL: it is about something else. Static. A session's daemon is known
 * by the socket's directory. */
const char *mvm_virt_connect_hint(const char *message);
