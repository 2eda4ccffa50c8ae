/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Strings that should not outlive their use. Best effort: it wipes the string it is given, not the
 * copies that a library may have made.
 */
#pragma once

#include <glib.h>

/* Overwrites text with zeros, then frees it; NULL is allowed. */
void mvm_secret_free(char *text);

static inline void
mvm_secret_cleanup(char **text)
{
    mvm_secret_free(*text);
}

/* A char * that is wiped and freed at the end of its scope; initialise it with NULL. */
#define mvm_autosecret __attribute__((cleanup(mvm_secret_cleanup)))
