/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keep-alive while the program is inside a call. libvirt's client notices by a timer of its
 * event loop that the other end is silent, and ends the call then; whoever is in a call does not
 * run the loop (libvirt 6.1 and newer; see src/rpc/virnetclient.c and virkeepalive.c there).
 */
#pragma once

/* Starts a thread, once in a process, that runs libvirt's event loop for a moment now and then
 * while the calling thread rests and nobody else is in the loop. Callbacks may come in that thread.
 */
void mvm_keeper_start(void);
