/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which ports of the host the domains of a connection forward, macvm's own or not. */
#pragma once

#include "virt/connection.h"
#include "virt/forward.h"

typedef struct {
    char *name;       /* owned */
    bool managed;     /* macvm defined it */
    GPtrArray *now;   /* MvmForward of the running domain; owned, NULL: it does not run */
    GPtrArray *later; /* those of its next start; owned */
} MvmDomainForwards;

void mvm_domain_forwards_free(MvmDomainForwards *forwards);

/* All domains of the connection; one that vanishes meanwhile, or whose XML cannot be read, is left
 * out. A question or two for each. A port that macvm remembers of a machine counts as one of its
 * next start. The caller frees the array of MvmDomainForwards. */
GPtrArray *mvm_domain_forwards_list(MvmConnection *conn, GError **error);
