/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/libraries.h"

/* Adds libcurl, without starting it, and the libraries that unpack, verify and partition. */
void mvm_media_libraries(GPtrArray *libraries);
