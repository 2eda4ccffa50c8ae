/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `setup` as it shows itself: of its own, and at the end of `bootstrap`. */
#pragma once

#include "cli/cli.h"
#include "ops/setup.h"

/* Runs the steps and tells each on stdout, with --json as the member "steps" of the object that
 * json is in. yes: agree to root's work without asking. Sets cli->exit_status when a step failed;
 * fails as mvm_setup() does. */
bool mvm_cli_setup(MvmCli *cli, MvmSetupRequest request, bool yes, MvmJson *json, GError **error);
