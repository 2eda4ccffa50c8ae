/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/libraries.h"

#include "clip/libraries.h"
#include "media/libraries.h"
#include "upstream/libraries.h"
#include "virt/libraries.h"
#include "xml/libraries.h"

void
mvm_ops_libraries(GPtrArray *libraries)
{
    mvm_virt_libraries(libraries);
    mvm_xml_libraries(libraries);
    mvm_upstream_libraries(libraries);
    mvm_media_libraries(libraries);
    mvm_clip_libraries(libraries);
    mvm_util_libraries(libraries);
}
