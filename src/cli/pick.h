/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What nearly every command on a machine begins and ends with. */
#pragma once

#include "cli/cli.h"
#include "ops/context.h"

/* Connects, fills *context and picks the machine: given, or the one that is meant without a name.
 * The caller frees the name. */
char *mvm_cli_pick(MvmCli *cli, const char *given, MvmContext *context, GError **error);

/* Ends a command that changed the machine: {"name", "state"} with --json, else the sentence. */
void mvm_cli_tell(MvmCli *cli, const char *name, const char *state, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
