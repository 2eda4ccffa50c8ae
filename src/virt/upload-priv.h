/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The smaller parts of an upload. */
#pragma once

#include "virt/pool-priv.h"

#include <stdbool.h>
#include <stdint.h>

/* So many bytes from the start of an image are enough. */
#define MVM_UPLOAD_HEAD 80

/* False when head is that of a qcow2 image that draws on another file (a backing file, or an
 * external data file). The host would open that file, whatever it is, on the guest's behalf. head
 * is filled up with zeros where the image is shorter. */
bool mvm_upload_head_is_alone(const uint8_t head[MVM_UPLOAD_HEAD]);

/*
 * Putting a volume in another's place (upload-place.c).
 */

/* Makes libvirt look through the pool now. */
void mvm_upload_refresh(MvmPool *pool);

/* Fails unless the pool has room for a copy of scratch once the volume called name is gone: that
 * one must not be given up for one that then does not fit. */
bool mvm_upload_check_space(MvmPool *pool, const char *name, virStorageVolPtr scratch,
                            GError **error);

/* Makes the volume called name with the content of scratch. */
bool mvm_upload_clone(MvmPool *pool, const char *name, virStorageVolPtr scratch, GError **error);
