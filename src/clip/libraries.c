/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/libraries.h"

#include <wayland-client.h>

void
mvm_clip_libraries(GPtrArray *libraries)
{
    mvm_libraries_add(libraries, "libwayland", WAYLAND_VERSION, NULL);
}
