/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The OSK, the string that QEMU's isa-applesmc device answers with when macOS asks for it. macvm
 * does not contain it: it is read from the user's checkout when a machine is defined.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* How many characters an OSK has; QEMU refuses any other number (hw/misc/applesmc.c). */
#define MVM_OSK_LENGTH 64

/* Reads the value of osk= of the isa-applesmc device from the checkout's boot script (checkout as
 * in roles.h) and hands it over in *ret_osk, to be freed with mvm_secret_free(). The script is
 * read as text and never run; comments do not count. The value is never part of an error.
 * No such device is MVM_ERROR_NOT_FOUND; a value that is not 64 printable ASCII characters, or a
 * script larger than 1 MiB, MVM_ERROR_FAILED. */
bool mvm_upstream_read_osk(const char *checkout, char **ret_osk, GError **error);
