/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `macvm up --clipboard` and the menu do what `macvm clip sync` does. */
#pragma once

#include "cli/cli.h"

/* Starts the clipboard agent of the machine called name in the background. */
bool mvm_cli_share_clipboard(MvmCli *cli, const char *name, GError **error);

/* Does the same, or stops the agent when it runs. */
bool mvm_cli_toggle_clipboard(MvmCli *cli, const char *name, GError **error);
