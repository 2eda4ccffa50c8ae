/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine as libvirt's domain XML: the template with values set and devices dropped by path.
 * docs/qemu-arguments.md tells which QEMU argument each element stands for.
 */
#pragma once

#include "machine/machine.h"

#include <glib.h>
#include <libxml/tree.h>

/* The id of the network device that qemu:commandline makes where libvirt has no passt: the forward
 * of a running machine can be changed through QEMU's monitor under this name. */
#define MVM_NETDEV_ID "macvmnet0"

/* The network card by passt in a domain (XPath). */
#define MVM_PASST_CARD "/domain/devices/interface[@type='user'][backend/@type='passt']"

/* Loads templates/domain.xml (mvm_path_find_data()) and makes machine's domain of it, without
 * metadata. The same machine gives the same text. Fails when the template is missing or is not a
 * domain. The caller frees. */
xmlDoc *mvm_render(const MvmMachine *machine, GError **error);

/* The paths below which an option decides (XPath, NULL-terminated; static): what the user asks for
 * in so many words wins there over any edit of the domain. */
const char *const *mvm_render_paths_of(MvmOption option);

/* The same of what no two machines may share: the forwarded port, and the card's address where that
 * is in QEMU's arguments. */
const char *const *mvm_render_own_paths(void);
