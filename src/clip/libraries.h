/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/libraries.h"

/* Adds Wayland's client library; xcb names no version. */
void mvm_clip_libraries(GPtrArray *libraries);
