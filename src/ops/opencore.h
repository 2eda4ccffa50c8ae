/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine's own OpenCore disk: upstream's EFI folder, and upstream's config.plist with what makes
 * this machine this machine: identity, screen size, boot arguments; and without what an everyday
 * machine does not want: a picker that waits for 45 seconds, verbose boot.
 */
#pragma once

#include "machine/machine.h"
#include "media/plist.h"

#include <glib.h>
#include <stdbool.h>

/* What of machine the content of its disk depends on, as a digest: the disk is as it should be
 * while this is what it was made of. The caller frees. */
char *mvm_opencore_digest(const MvmMachine *machine);

/* The key of config.plist that option decides; NULL: none. Static. */
const char *mvm_opencore_key_of(MvmOption option);

/* Whether key of config.plist is part of a machine's identity. */
bool mvm_opencore_is_identity(const char *key);

/* Changes upstream's configuration for machine. A user's edit that has no place in it fails, unless
 * lost takes its key (owned by it). */
bool mvm_opencore_configure(const MvmMachine *machine, MvmPlist *plist, GPtrArray *lost,
                            GError **error);
