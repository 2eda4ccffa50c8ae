/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What volumes and uploads share. */
#pragma once

#include "virt/pool-priv.h"
#include "virt/volume.h"

/* While a volume of the name with this behind it exists, the volume itself is not finished. */
#define MVM_VOLUME_PART ".part"
/* A replacement that is being written. */
#define MVM_VOLUME_NEW ".new.part"

/* Refuses names that a pool cannot hold, or that the two above would make too long. */
bool mvm_volume_check_name(const char *name, GError **error);

/* A sparse volume of the given format and exact capacity. The caller frees. */
virStorageVolPtr mvm_volume_make(MvmPool *pool, const char *name, const char *format,
                                 uint64_t capacity, GError **error);

/* The XML that makes such a volume. The caller frees. */
char *mvm_volume_new_xml(const char *name, const char *format, uint64_t capacity);

/* What libvirt knows of a volume of the pool called pool. */
MvmVolume *mvm_volume_read(virStorageVolPtr vol, const char *pool, GError **error);

/* Adds all volumes of the pool to volumes (of MvmVolume), marks and unfinished ones as well. */
bool mvm_volume_add_all(virStoragePoolPtr pool, GPtrArray *volumes, GError **error);

/* An array that frees the MvmVolume in it. */
GPtrArray *mvm_volume_array_new(void);

/* Fails with MVM_ERROR_CONFLICT when a machine runs with the volume. */
bool mvm_volume_check_not_running(const MvmPool *pool, const MvmVolume *volume, const char *verb,
                                  GError **error);

/* Deletes name if it is there, without asking who uses it. */
bool mvm_volume_remove(MvmPool *pool, const char *name, GError **error);

/* Reads <volume>, of the pool called pool; pure. */
MvmVolume *mvm_volume_parse(const char *xml, const char *pool, GError **error);

/*
 * Who uses an image (volume-use.c); pure.
 */

/* Whether the domain's XML names one of images (of MvmVolume) anywhere but in its metadata: disks
 * with their backing chains and mirrors, firmware, kernels, raw arguments. */
bool mvm_domain_xml_uses(const char *xml, GPtrArray *images, bool *ret_uses, GError **error);

/* volumes (of MvmVolume) that are based on the one at path, directly or over others; borrowed from
 * volumes. The caller frees the array. */
GPtrArray *mvm_volume_find_based_on(GPtrArray *volumes, const char *path);
