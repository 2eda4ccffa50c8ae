/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A unified diff of two texts, for people to read ('define --diff'). */
#pragma once

#include <glib.h>

/* The difference between two texts in unified format with three lines of context, headed by
 * "--- old_name" and "+++ new_name"; the caller frees. "" when they are equal. Either text may be
 * NULL, which is the empty text. Fails (NULL) only when libgit2 does. */
char *mvm_text_diff(const char *old_name, const char *old_text, const char *new_name,
                    const char *new_text, GError **error);
