/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a connection leads, read from the URI that libvirt resolved (virConnectGetURI), never
 * from what the user typed: that may be an alias or nothing at all.
 * URI syntax: https://libvirt.org/uri.html
 */
#pragma once

#include "util/ssh.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
    char *uri;       /* the resolved URI */
    char *driver;    /* "qemu", "test" */
    char *transport; /* "ssh", "libssh2", "tls"; NULL for a local socket */
    char *user;      /* for ssh; NULL when the URI has none */
    char *host;      /* NULL when local; IPv6 without brackets */
    int port;        /* 0 when the URI has none */
    char *path;      /* "/system", "/session" */
    char *keyfile;   /* the parameter of that name, unescaped; NULL */
    bool no_verify;  /* the parameter of that name */
    bool remote;     /* host is not NULL: files of the two machines are not shared */
    bool over_ssh;   /* reached by ssh, libssh or libssh2: ssh to the host works as well */
} MvmEndpoint;

/* Fails with MVM_ERROR_FAILED when uri is not a URI. The caller frees. */
MvmEndpoint *mvm_endpoint_parse(const char *uri, GError **error);
void mvm_endpoint_free(MvmEndpoint *endpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmEndpoint, mvm_endpoint_free)

/* How ssh gets to endpoint's libvirt host, which must be over_ssh. Borrows from endpoint. */
MvmSshCall mvm_endpoint_to_ssh(const MvmEndpoint *endpoint, MvmSshKind kind);
