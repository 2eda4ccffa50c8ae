/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bringing an image into a volume, as bytes: from a local file, or from a producer that has it in
 * order, extents and holes. Holes are neither sent nor stored.
 *
 * The volume is made raw with the exact size (a sparse upload into a volume made as qcow2 leaves
 * libvirt's own header in the holes); libvirt finds out by itself what is in it.
 *
 * A qcow2 image that draws on another file (backing file, external data file) is refused with
 * MVM_ERROR_USAGE: the host would open that one for the guest, whatever it is.
 *
 * Interrupted at any byte, the next run converges. libvirt cannot rename a volume, therefore:
 *
 * - a new volume is written under its own name while the tiny volume NAME.part exists; as long as
 *   that one is there, NAME is not finished and mvm_volume_lookup() does not find it. There is no
 *   second copy of it, in time or in space;
 * - a volume that is to be replaced stays untouched while NAME.new.part is written; then NAME is
 *   made again from that on the host, with NAME.part there meanwhile. A qcow2 image may come out
 *   with other bytes than it went in, and the same content.
 *
 * Leftovers are removed by the next upload of that name, never while a machine uses them.
 */
#pragma once

#include "util/progress.h"
#include "virt/volume.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *name;    /* of the volume */
    uint64_t size;       /* exact, in bytes, not 0 */
    bool replace;        /* a finished volume of that name is replaced; else MVM_ERROR_CONFLICT */
    const char *machine; /* whose use of the old volume does not count while it is off; or NULL */
} MvmUploadTarget;

typedef struct MvmUpload MvmUpload;

/* Begins an upload. MVM_ERROR_CONFLICT: the name is taken, in use, or another macvm of this user
 * is uploading it. progress may be NULL; it is asked between pieces whether to stop
 * (MVM_ERROR_CANCELLED). The pool must outlive the upload, the target need not. */
MvmUpload *mvm_upload_begin(MvmPool *pool, const MvmUploadTarget *target, MvmProgress *progress,
                            GError **error);

/* Appends len bytes; any length. */
bool mvm_upload_write(MvmUpload *upload, const void *data, size_t len, GError **error);

/* Appends len zero bytes that take no space. */
bool mvm_upload_hole(MvmUpload *upload, uint64_t len, GError **error);

/* Ends the upload, which must be complete to the byte, and frees it in any case. Returns the
 * volume. Until this has succeeded there is no finished volume of that name, or the old one. */
MvmVolume *mvm_upload_finish(MvmUpload *upload, GError **error);

/* Gives up: removes what was made and frees upload. NULL is allowed. */
void mvm_upload_abort(MvmUpload *upload);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmUpload, mvm_upload_abort)

/* The whole of the local file fd, from its start; target->size is not looked at. A qcow2 file
 * is copied as the bytes it consists of. */
MvmVolume *mvm_upload_file(MvmPool *pool, const MvmUploadTarget *target, int fd,
                           MvmProgress *progress, GError **error);
