/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the OSK of isa-applesmc comes from: macvm.conf, the upstream checkout, or a Mac's SMC. */
#pragma once

#include "ops/context.h"

#include <glib.h>

/* The OSK, or NULL after a note that macOS will not start without it and what to do.
 * configured (may be NULL) is what macvm.conf has. Free it with mvm_secret_free(). */
char *mvm_osk_find(const MvmContext *context, const char *configured);
