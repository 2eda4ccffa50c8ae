/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Storage volumes: the images of machines. libvirt overwrites and deletes a volume that a machine
 * uses, even a running one, without a word; these functions look first.
 *
 * While NAME.part exists, the volume NAME is not finished (see upload.h). Names are the caller's
 * to check at the edge; here only what a pool cannot hold (a "/", control characters, more than 200
 * bytes) and the ending ".part" are refused with MVM_ERROR_USAGE.
 */
#pragma once

#include "virt/pool.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *pool; /* name of the pool it is in */
    char *name;
    char *path;          /* on the libvirt host */
    uint64_t capacity;   /* bytes that a guest sees */
    uint64_t allocation; /* bytes on the host's disk */
    char *format;        /* "qcow2", "raw"; "" when libvirt does not know */
    char *backing;       /* path of the image that it is based on, or NULL */
} MvmVolume;

void mvm_volume_free(MvmVolume *volume);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmVolume, mvm_volume_free)

/* The finished volume called name. MVM_ERROR_NOT_FOUND when there is none, or only a part of it
 * (the hint then says so). The caller frees. */
MvmVolume *mvm_volume_lookup(MvmPool *pool, const char *name, GError **error);

/* What the volume at path is called, in whichever active pool of the connection; NULL when it is
 * none. One question. The caller frees. */
char *mvm_volume_find_name(MvmConnection *conn, const char *path);

/* Whether the image at path is based on the one at base, directly or over others, as far as the
 * active pools know. */
bool mvm_volume_is_over(MvmConnection *conn, const char *path, const char *base);

/* The first len bytes of the volume at path (fewer when it is smaller), and its size. */
bool mvm_volume_read_head(MvmConnection *conn, const char *path, void *buffer, size_t len,
                          uint64_t *ret_size, GError **error);

/* All volumes of the pool, unfinished ones and their marks not, as MvmVolume in the order of their
 * names. The caller frees the array. */
GPtrArray *mvm_volume_list(MvmPool *pool, GError **error);

/* Makes an empty sparse qcow2 volume of capacity bytes. MVM_ERROR_CONFLICT when name exists. */
MvmVolume *mvm_volume_create_qcow2(MvmPool *pool, const char *name, uint64_t capacity,
                                   GError **error);

/* Makes a qcow2 volume that begins as base is and takes what is written; base is never written to.
 * MVM_ERROR_CONFLICT when name exists. */
MvmVolume *mvm_volume_create_overlay(MvmPool *pool, const char *name, const MvmVolume *base,
                                     GError **error);

/* Grows the volume to capacity bytes. Smaller than it is: MVM_ERROR_USAGE; the same: done. The
 * machine that has it must be off: MVM_ERROR_CONFLICT otherwise. */
bool mvm_volume_resize(MvmPool *pool, const char *name, uint64_t capacity, GError **error);

/* Fails as that would, before anything is done. */
bool mvm_volume_check_resize(MvmPool *pool, const MvmVolume *volume, uint64_t capacity,
                             GError **error);

/* Deletes the volume. Refused with MVM_ERROR_CONFLICT, which names the user, while a machine other
 * than except (may be NULL), or any running one, or an image based on this one needs it.
 * A volume that does not exist is MVM_ERROR_NOT_FOUND. */
bool mvm_volume_delete(MvmPool *pool, const char *name, const char *except, GError **error);

/* Fails with MVM_ERROR_CONFLICT as mvm_volume_delete() would; verb ("delete") is for the message.
 * What counts is in virt/claim.h. */
bool mvm_volume_check_unused(MvmPool *pool, const char *name, const char *except, const char *verb,
                             GError **error);

/* The same for a file at path on the libvirt host, in a pool or not; pool is any of that host. fd:
 * the file, opened by the caller, whose own locks do not count; or -1. */
bool mvm_volume_check_file_unused(MvmPool *pool, const char *path, int fd, const char *verb,
                                  GError **error);
