/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libvirt's side of a domain, for src/virt alone. */
#pragma once

#include "virt/connection-priv.h"
#include "virt/domain.h"

struct MvmDomain {
    MvmConnection *conn; /* borrowed */
    virDomainPtr virt;   /* owned */
    char *name;          /* owned */
    char uuid[VIR_UUID_STRING_BUFLEN];
};
