/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mtools: FAT file systems within images, without mounting them. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Runs program, one of them, on the file system at drive ("FILE@@OFFSET"). Only what is given here
 * decides what it does: no configuration file of the user's, no clock, no locale. args ends with
 * NULL; borrowed. Not installed: MVM_ERROR_HOST. */
bool mvm_mtools_run(const char *program, const char *drive, const GPtrArray *args, GError **error);

/* The same, for what it prints: the caller frees. */
char *mvm_mtools_read(const char *program, const char *drive, const GPtrArray *args,
                      GError **error);
