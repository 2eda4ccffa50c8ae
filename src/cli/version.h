/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/cli.h"

/* Prints macvm's version, one line; with --verbose also the versions of the libraries: those that
 * it was compiled with and those that run. */
void mvm_cli_print_version(const MvmCli *cli);
