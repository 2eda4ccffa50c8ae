/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine options of `define` and `set`, made from the table in machine/options.h. */
#pragma once

#include "machine/options.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
    char *text[MVM_OPTION_COUNT]; /* owned; what was given */
    gboolean autostart, no_autostart;
} MvmMachineOptions;

void mvm_machine_options_clear(MvmMachineOptions *given);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmMachineOptions, mvm_machine_options_clear)

/* GOption entries that fill given, followed by those of more (ended by a row without a name). The
 * caller frees the array with g_free(). */
GOptionEntry *mvm_machine_options_entries(MvmMachineOptions *given, const GOptionEntry *more);

/* Checks what was given; NULL with MVM_ERROR_USAGE or MVM_ERROR_NOT_FOUND (macOS version). */
MvmOptions *mvm_machine_options_check(const MvmMachineOptions *given, GError **error);
