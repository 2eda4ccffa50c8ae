/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of machines, checked once, at the edge: a name becomes part of volume names. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define MVM_NAME_DEFAULT "macos"

/* True when name can be a machine's: 1 to 64 characters of UTF-8, no control characters, no
 * '/', '"' or '<', not beginning with '.' or '-'. libvirt itself refuses only '/' and newlines;
 * the rest cannot be part of a path under AppArmor's virt-aa-helper or is taken for an option.
 * Fails with MVM_ERROR_USAGE. */
bool mvm_name_check(const char *name, GError **error);
