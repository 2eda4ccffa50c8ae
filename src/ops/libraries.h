/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/libraries.h"

/* Adds the libraries of all folders that src/ops may use. */
void mvm_ops_libraries(GPtrArray *libraries);
