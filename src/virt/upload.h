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
 * - a new volume that shall come late has its name only when it is whole: NAME.new.part is written
 *   while NAME.part exists. At the end the file is renamed if the pool's directory is on this
 *   machine and ours to write; elsewhere the host copies it, which takes the room twice unless its
 *   file system shares blocks. A volume that got the name meanwhile is another's and stays;
 * - a volume that is to be replaced stays untouched while NAME.new.part is written; then NAME is
 *   made again from that on the host, with NAME.part there meanwhile. A qcow2 image may come out
 *   with other bytes than it went in, and the same content.
 *
 * Leftovers are gone on with or removed by the next upload of that name, never while a machine
 * uses them.
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
    uint64_t data;       /* at most as many bytes of it are no holes; 0: not known */
    bool late;           /* see above; not together with replace */
    bool replace;        /* a finished volume of that name is replaced; else MVM_ERROR_CONFLICT */
    const char *machine; /* whose use of the old volume does not count while it is off; or NULL */
} MvmUploadTarget;

typedef struct MvmUpload MvmUpload;

/* Begins an upload. MVM_ERROR_CONFLICT: the name is taken, in use, or another macvm of this machine
 * is uploading it. progress may be NULL; it is asked between pieces whether to stop
 * (MVM_ERROR_CANCELLED). The pool must outlive the upload, the target need not. */
MvmUpload *mvm_upload_begin(MvmPool *pool, const MvmUploadTarget *target, MvmProgress *progress,
                            GError **error);

/*
 * An upload of a new volume may also be gone on with, by a later process, from where it was last
 * made safe: open, ask for the place, read back what is there, then resume or start.
 */

/* Takes the name, so that no other macvm of this machine uploads it, and does nothing else yet;
 * target->size is not looked at. Fails as mvm_upload_begin() does. */
MvmUpload *mvm_upload_open(MvmPool *pool, const MvmUploadTarget *target, MvmProgress *progress,
                           GError **error);

/* Names what is being written, or what an interrupted upload left: another host, pool, volume or
 * beginning has another name. NULL when there is nothing. The caller frees. */
char *mvm_upload_dup_place(MvmUpload *upload);

/* Who takes what is read back: data, or (NULL) len bytes of a hole. */
typedef void (*MvmUploadTake)(void *opaque, const void *data, uint64_t len);

/* Gives take the first len bytes of what an interrupted upload left, in order. Fails when there
 * are fewer. */
bool mvm_upload_read_back(MvmUpload *upload, uint64_t len, MvmUploadTake take, void *opaque,
                          MvmProgress *progress, GError **error);

/* Begins with an image of size bytes, without what an interrupted upload left. */
bool mvm_upload_start(MvmUpload *upload, uint64_t size, GError **error);

/* Goes on at offset from after mvm_upload_read_back() of so much; fails when a machine runs with
 * the unfinished volume. */
bool mvm_upload_resume(MvmUpload *upload, uint64_t size, uint64_t from, GError **error);

/* When this returns, the host has taken over all that was appended: it outlives this process and
 * the connection. (A crash of the host itself may still take it: hence the reading back.) */
bool mvm_upload_sync(MvmUpload *upload, GError **error);

/* Whether what was made safe is still there to be gone on with, after a function failed: the link
 * to the host was lost. */
bool mvm_upload_is_cut(MvmUpload *upload);

/* Ends it for now and frees upload; what was made safe stays, unfinished, for a later run. */
void mvm_upload_suspend(MvmUpload *upload);

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
