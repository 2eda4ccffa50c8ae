/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/libraries.h"

/* Adds libxml2. */
void mvm_xml_libraries(GPtrArray *libraries);
