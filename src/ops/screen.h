/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a machine's screen can be seen, and by whom. */
#pragma once

#include "ops/context.h"
#include "xml/xml.h"

/* Where the screen of the running domain in doc is shown on the libvirt host,
 * "vnc://127.0.0.1:5900" or "vnc+unix:///PATH"; NULL when it has none, or does not run. The caller
 * frees. */
char *mvm_screen_address(xmlDoc *doc);

/* The address or the libvirt network beyond the host's loopback on which the domain in doc shows
 * its screen: without a password, whoever gets there has the machine. NULL when there is none.
 * The caller frees. */
char *mvm_screen_exposure(xmlDoc *doc);

/* Notes such an exposure of the machine called name, which stays as the user set it up. */
/* Whether who is on the host needs no password for the screen: VNC or SPICE on a port. */
bool mvm_screen_is_unlocked(xmlDoc *doc);

void mvm_screen_warn(const MvmContext *context, const char *name, xmlDoc *doc);
