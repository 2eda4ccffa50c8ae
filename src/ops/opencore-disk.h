/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making an OpenCore disk for a machine: new, of the upstream checkout; of the disk that it has,
 * with another config.plist; or with a newer OpenCore, which takes over what was edited.
 *
 * Beside config.plist the disk has the text that it was made of: what differs from what macvm makes
 * of that, somebody else edited.
 */
#pragma once

#include "machine/machine.h"
#include "media/plist.h"
#include "ops/context.h"

#include <glib.h>
#include <stdbool.h>

/* What is to happen to the OpenCore that a machine has. */
typedef enum {
    MVM_OPENCORE_KEEP,
    MVM_OPENCORE_UPDATE,
    MVM_OPENCORE_ROLLBACK,
} MvmOpencoreChange;

/* A disk's own guest can write any number of them. */
#define MVM_OPENCORE_MAX_EDITS 256

/* What a disk is made of; all borrowed. */
typedef struct {
    const char *volume; /* path of a disk on the libvirt host that is taken over; NULL: none */
    bool update;        /* of that disk only the edits are taken over */
    const char *file;   /* local image with the newer OpenCore; NULL: the upstream checkout */
    const GPtrArray *dropped; /* keys that become again what they are without edits; or NULL */
} MvmOpencoreSource;

/* A disk made in a directory of its own. */
typedef struct {
    char *dir;
    char *path; /* qcow2 */
} MvmOpencoreDisk;

/* Whether the upstream checkout has an EFI folder and a config.plist: MVM_ERROR_NOT_FOUND if not.
 * With file, whether that can be read. *ret_digest tells this OpenCore from others; the caller
 * frees. */
bool mvm_opencore_find_source(const char *file, char **ret_digest, GError **error);

/* Makes the disk. Edits of machine->config that the newer OpenCore has no place for are taken out
 * of it, and told by notes, as is what was edited on both sides: ours stays. */
bool mvm_opencore_make(const MvmContext *context, MvmMachine *machine,
                       const MvmOpencoreSource *source, MvmOpencoreDisk *ret_disk, GError **error);

/* Removes disk and directory. */
void mvm_opencore_disk_clear(MvmOpencoreDisk *disk);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmOpencoreDisk, mvm_opencore_disk_clear)

/* Unpacks the disk image of a format ("raw", "qcow2", NULL: which of these its first bytes say)
 * into the file raw. One of more than 4 GiB is refused: a boot loader's disk is none. */
bool mvm_opencore_unpack(const char *image, const char *format, const char *raw, GError **error);

/* The config.plist in the disk at path on the libvirt host, and the text that it was made of (NULL
 * there: no such file; ret_base may be NULL). The caller frees. */
MvmPlist *mvm_opencore_read(const MvmContext *context, const char *path, MvmPlist **ret_base,
                            GError **error);

/* The Mac that the disk at path makes of a machine; the caller frees. Fails with MVM_ERROR_FAILED
 * where it tells none, and where it is the one that upstream gives to everybody. *ret_uuid gets its
 * UUID, in lower case, or NULL; the caller frees. */
MvmIdentity *mvm_opencore_read_identity(const MvmContext *context, const char *path,
                                        char **ret_uuid, GError **error);

/* Whether a key, by its path, means the same in both: not where it leads through an array that
 * differs between base and other. */
bool mvm_opencore_has_place(const MvmPlist *base, const MvmPlist *other, const char *path);

/* Puts into plist what was edited in ours. base is what macvm had made of the old OpenCore's file,
 * plist what it made of the newer one's. Tells by notes which edits found no place, and which keys
 * both sides changed. Of more than MVM_OPENCORE_MAX_EDITS edits the first are taken. */
void mvm_opencore_carry(const MvmContext *context, const MvmPlist *base, const MvmPlist *ours,
                        MvmPlist *plist);
