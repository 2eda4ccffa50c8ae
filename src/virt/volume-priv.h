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

/* Adds all volumes of the pool to volumes (of MvmVolume), marks and unfinished ones as well. One
 * that cannot be read is left out, and noted once. */
bool mvm_volume_add_all(MvmConnection *conn, virStoragePoolPtr pool, GPtrArray *volumes,
                        GError **error);

/* An array that frees the MvmVolume in it. */
GPtrArray *mvm_volume_array_new(void);

/* Fails with MVM_ERROR_CONFLICT when a machine runs with the volume. */
bool mvm_volume_check_not_running(MvmPool *pool, const MvmVolume *volume, const char *verb,
                                  GError **error);

/* Deletes name if it is there, without asking who uses it. */
bool mvm_volume_remove(MvmPool *pool, const char *name, GError **error);

/* Reads <volume>, of the pool called pool; pure. */
MvmVolume *mvm_volume_parse(const char *xml, const char *pool, GError **error);

/*
 * Who uses an image (volume-use.c); pure, but for stat() on files of this machine.
 */

/* One image by all its names, and what is based on it. */
typedef struct {
    GPtrArray *volumes;     /* of MvmVolume; owned, not what is in it */
    uint64_t device, inode; /* of the image, where it is a file of this machine; else 0 */
} MvmImageSet;

/* An empty one for the image at path. local: paths are those of this machine. */
void mvm_image_set_init(MvmImageSet *set, const char *path, bool local);
void mvm_image_set_clear(MvmImageSet *set);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmImageSet, mvm_image_set_clear)

/* Whether path is one of them. */
bool mvm_image_set_has(const MvmImageSet *set, const char *path);

/* Whether the XML of a domain or of a snapshot names one of them anywhere but in its metadata:
 * disks with their backing chains and mirrors, firmware and NVRAM, kernels, raw arguments. What is
 * no XML uses what it mentions. */
bool mvm_domain_xml_uses(const char *xml, const MvmImageSet *images);

/* The files and devices that are disks of the domain. The caller frees. */
GPtrArray *mvm_domain_xml_list_disks(const char *xml);

/* volumes (of MvmVolume) that are based on the one at path, directly or over others; borrowed from
 * volumes. local: as above. The caller frees the array. */
GPtrArray *mvm_volume_find_based_on(GPtrArray *volumes, const char *path, bool local);
