/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine's own OpenCore disk: upstream's EFI folder, and upstream's config.plist with what makes
 * this machine this machine: identity, screen size, boot arguments; and without what an everyday
 * machine does not want: a picker that waits for 45 seconds, verbose boot.
 */
#pragma once

#include "machine/machine.h"

#include <glib.h>
#include <stdbool.h>

/* What of machine the content of its disk depends on, as a digest: the disk is as it should be
 * while this is what it was made of. The caller frees. */
char *mvm_opencore_digest(const MvmMachine *machine);

/* The key of config.plist that option decides; NULL: none. Static. */
const char *mvm_opencore_key_of(MvmOption option);

/* Whether key of config.plist is part of a machine's identity. */
bool mvm_opencore_is_identity(const char *key);

/* Whether the upstream checkout has an EFI folder and a config.plist. MVM_ERROR_NOT_FOUND if not.
 */
bool mvm_opencore_is_possible(GError **error);

/* upstream's configuration (text, len; called what in errors) changed for machine. *ret_len gets
 * the length of what is returned; the caller frees. */
char *mvm_opencore_config(const MvmMachine *machine, const char *text, size_t len, const char *what,
                          size_t *ret_len, GError **error);

/* A new, empty directory for work on a disk; the caller removes and frees it. */
char *mvm_opencore_make_dir(GError **error);

/* A disk made in a directory of its own. */
typedef struct {
    char *dir;
    char *path; /* qcow2 */
} MvmOpencoreDisk;

bool mvm_opencore_make(const MvmMachine *machine, MvmOpencoreDisk *ret_disk, GError **error);

/* Removes disk and directory. */
void mvm_opencore_disk_clear(MvmOpencoreDisk *disk);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmOpencoreDisk, mvm_opencore_disk_clear)
