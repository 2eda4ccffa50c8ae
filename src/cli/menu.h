/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `macvm` without a command shows on a terminal: the machine's state and a letter or a number
 * for each thing to do. Lines only, so that it works in every terminal. */
#pragma once

#include "cli/cli.h"

/* Runs until the user quits or stdin ends. What a choice fails with is shown by print_error, and
 * the menu goes on. */
bool mvm_menu_run(MvmCli *cli, void (*print_error)(MvmCli *cli, const GError *error),
                  GError **error);
