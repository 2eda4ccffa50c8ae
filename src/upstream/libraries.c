/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/libraries.h"

#include <git2.h>

void
mvm_upstream_libraries(GPtrArray *libraries)
{
    int major = 0, minor = 0, revision = 0;
    g_autofree char *running = NULL;

    git_libgit2_version(&major, &minor, &revision);
    running = g_strdup_printf("%d.%d.%d", major, minor, revision);
    mvm_libraries_add(libraries, "libgit2", LIBGIT2_VERSION, running);
}
