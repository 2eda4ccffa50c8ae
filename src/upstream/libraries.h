/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/libraries.h"

/* Adds libgit2, without starting it. */
void mvm_upstream_libraries(GPtrArray *libraries);
