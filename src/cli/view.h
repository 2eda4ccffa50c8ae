/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `view` does, for `up --view` and the menu as well. */
#pragma once

#include "cli/cli.h"

/* Opens a viewer on the machine called name; without one, prints where its screen is. */
bool mvm_view_show(MvmCli *cli, const char *name, GError **error);
