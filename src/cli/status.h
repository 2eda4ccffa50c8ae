/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `status` prints, for the menu as well. */
#pragma once

#include "cli/cli.h"

/* Prints the status of the machine called given, or of the one that is meant without a name. */
bool mvm_status_show(MvmCli *cli, const char *given, GError **error);
