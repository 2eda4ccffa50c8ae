/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the OSK of isa-applesmc comes from: macvm.conf, the upstream checkout, or a Mac's SMC. */
#pragma once

#include "ops/context.h"

#include <glib.h>

/* The OSK, or NULL after a note that macOS will not start without it and what to do. configured is
 * what macvm.conf has, current what the machine has already; either may be NULL. Free it with
 * mvm_secret_free(). */
char *mvm_osk_find(const MvmContext *context, const char *configured, const char *current);
