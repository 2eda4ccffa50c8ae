/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OpenCore's config.plist of a machine: read from its disk, and set in it. */
#pragma once

#include "media/plist.h"
#include "ops/context.h"

/* The config.plist in the OpenCore disk that the machine called name has, whoever made the disk,
 * brought here through libvirt. Without such a disk MVM_ERROR_NOT_FOUND. The caller frees. */
MvmPlist *mvm_config_plist_load(const MvmContext *context, const char *name, GError **error);

typedef struct {
    const char *key;
    const char *type;  /* NULL: the one that the value has now */
    const char *value; /* data in base64, or in hexadecimal after 0x; booleans also as yes and no */
} MvmConfigChange;

/* Sets a key in the machine's own OpenCore disk, for good: later disks of it have it, too.
 * *ret_changed is whether it was something else before. A key of the identity is MVM_ERROR_USAGE; a
 * disk that cannot be changed (macvm did not make it) MVM_ERROR_CONFLICT. */
bool mvm_config_plist_set(const MvmContext *context, const char *name,
                          const MvmConfigChange *change, bool *ret_changed, GError **error);

/* Takes back what was set: key has again the value that OpenCore or macvm brings, or is no more.
 * What was not set is MVM_ERROR_NOT_FOUND; a disk of an older macvm, which does not tell what
 * OpenCore brought, MVM_ERROR_CONFLICT. */
bool mvm_config_plist_unset(const MvmContext *context, const char *name, const char *key,
                            GError **error);
