/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Snapshots of a domain. https://libvirt.org/formatsnapshot.html */
#pragma once

#include "virt/connection.h"

/* The name of the external snapshot of domain that made the overlay at path; NULL when none did, or
 * libvirt does not know it any more. The caller frees. */
char *mvm_snapshot_find(MvmConnection *conn, const char *domain, const char *path);
