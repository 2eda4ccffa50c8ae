/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands' functions, one file (cmd-NAME.c) each. */
#pragma once

#include "cli/cli.h"

bool mvm_cmd_bootstrap(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_complete(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_completion(MvmCli *cli, int argc, char **argv, GError **error);
