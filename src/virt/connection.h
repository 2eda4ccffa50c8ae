/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection to libvirt. libvirt's own types stay inside src/virt (connection-priv.h).
 */
#pragma once

#include "util/progress.h"
#include "virt/endpoint.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct MvmConnection MvmConnection;

/* Opens uri; NULL follows libvirt's own rules (LIBVIRT_DEFAULT_URI, libvirt.conf, its probing) and,
 * when nothing answers, qemu:///session, which libvirt starts by itself. Aliases of libvirt.conf
 * work. Registers libvirt's default event loop first. Fails with MVM_ERROR_HOST, also when there is
 * no answer within timeout seconds (a user who is asked for a password, and a daemon that has to
 * start first, get more), and with MVM_ERROR_CANCELLED at Ctrl-C. */
MvmConnection *mvm_connection_open(const char *uri, unsigned timeout, GError **error);

/* The default of timeout. */
#define MVM_CONNECTION_TIMEOUT 10U
void mvm_connection_free(MvmConnection *conn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmConnection, mvm_connection_free)

/* Where remarks go about what libvirt lists and macvm leaves out: notes is borrowed, NULL shows
 * nothing. */
void mvm_connection_set_notes(MvmConnection *conn, MvmProgress *notes);

/* Connects anew to where conn led, after the connection was lost. What was looked up through the
 * old connection must be looked up again. On failure conn stays as it was. */
bool mvm_connection_reopen(MvmConnection *conn, GError **error);

/* Whether the connection still stands. An error that came by its loss says nothing about the host.
 * Erases libvirt's last error: translate that before. */
bool mvm_connection_is_alive(const MvmConnection *conn);

/* Where it leads; borrowed. */
const MvmEndpoint *mvm_connection_get_endpoint(const MvmConnection *conn);

/* True when the daemon is the unprivileged one of a user. False for qemu:///session of root:
 * libvirt serves that one by the system daemon. */
bool mvm_connection_is_session(const MvmConnection *conn);

/* Identifies the daemon among all that users of this machine reach: the key of a lock. The caller
 * frees. */
char *mvm_connection_dup_key(const MvmConnection *conn);

/* True for qemu:///session opened by root, which is the system daemon in truth. */
bool mvm_connection_is_root_session(const MvmConnection *conn);

/* The daemon that answers: "libvirtd", or "virtqemud" where libvirt is several daemons. NULL when
 * it cannot be known: on another host, or without a daemon. The caller frees. */
char *mvm_connection_get_daemon(const MvmConnection *conn);

/* libvirt's version on the host, major * 1,000,000 + minor * 1,000 + release. */
unsigned long mvm_connection_get_lib_version(const MvmConnection *conn);
