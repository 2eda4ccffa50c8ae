/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures of a machine's screen, and where it can be seen. */
#pragma once

#include "ops/context.h"

/* The screen of the running machine as PNG. MVM_ERROR_CONFLICT when it is not running or has no
 * video card. The caller frees. */
GByteArray *mvm_machine_screenshot(const MvmContext *context, const char *name, GError **error);

/* Opens a viewer on this desktop, detached. *ret_opened is false when there is no viewer or no
 * desktop; then, and only then, *ret_screen tells where the screen is ("vnc://127.0.0.1:5900", on
 * the libvirt host), which the caller frees. MVM_ERROR_CONFLICT when the machine is not running or
 * has no screen that can be seen. */
bool mvm_machine_view(const MvmContext *context, const char *name, bool *ret_opened,
                      char **ret_screen, GError **error);
