/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether two files that the user names are UEFI firmware: QEMU would say so only at the start. */
#pragma once

#include "ops/context.h"
#include "virt/caps.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether code and variables of so many bytes are known to be of two builds, which do not mix. */
bool mvm_firmware_is_mixed(uint64_t code, uint64_t vars);

/* Checks the code and the template of its variables, full paths on the libvirt host, and gives
 * their format, "raw" or "qcow2" (static). On this machine the files are read; elsewhere a pair
 * that libvirt lists is taken as it is, and what lies in an active storage pool is read.
 * MVM_ERROR_NOT_FOUND when one is missing, MVM_ERROR_USAGE when they are no firmware or not of one
 * build, MVM_ERROR_HOST when they cannot be read from here. */
bool mvm_firmware_check_pair(const MvmContext *context, const MvmDomCaps *caps, const char *code,
                             const char *vars, const char **ret_format, GError **error);
