/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/libraries.h"

/* Adds libvirt's client library. */
void mvm_virt_libraries(GPtrArray *libraries);
