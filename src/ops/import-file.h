/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One file of a machine that is taken over: opened, checked, copied into the pool, compared. */
#pragma once

#include "ops/context.h"
#include "virt/pool.h"

#include <stdbool.h>

typedef enum {
    MVM_IMPORT_DISK,     /* becomes a qcow2 volume */
    MVM_IMPORT_FIRMWARE, /* OVMF's code or variables; copied as it is */
} MvmImportKind;

typedef struct {
    char *path;      /* of the file; owned; NULL: there is none */
    char *volume;    /* the name of its volume; owned */
    char *there;     /* the volume's path on the libvirt host, once it is there; owned */
    char *converted; /* what a raw disk was made, on this machine, till it is copied; owned */
    int fd;          /* of path; -1: none. Locked against a QEMU that would write */
    bool is_raw;
} MvmImportFile;

/* Opens path (which may be a fallback's when nothing is there: NULL for none), to become volume.
 * Fails with MVM_ERROR_USAGE on what is not of that kind, MVM_ERROR_CONFLICT while a QEMU writes to
 * it, MVM_ERROR_NOT_FOUND. */
bool mvm_import_file_open(MvmImportFile *file, MvmImportKind kind, const char *path,
                          const char *volume, GError **error);
void mvm_import_file_clear(MvmImportFile *file);

/* Fails with MVM_ERROR_CONFLICT when the volume that it is to become is the file itself: the
 * machine would write to what is only to be read. */
bool mvm_import_file_check_apart(const MvmImportFile *file, MvmPool *pool, GError **error);

/* Copies it into the pool; a volume that is there with the same content is taken as it is, one with
 * another MVM_ERROR_CONFLICT. */
bool mvm_import_file_put(MvmImportFile *file, const MvmContext *context, MvmPool *pool,
                         const char *machine, GError **error);

/* Whether the volume holds just what the file holds (a converted one: never). */
bool mvm_import_file_is_same(const MvmImportFile *file, const MvmContext *context, MvmPool *pool,
                             bool *ret_same, GError **error);

/* Whether what is at its path is still the file that was opened, and no link to it. */
bool mvm_import_file_is_there(const MvmImportFile *file);
