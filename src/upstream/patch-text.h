/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of a patch before libgit2 reads it. */
#pragma once

#include <glib.h>
#include <stddef.h>

/* libgit2 reads only git's own format. Returns the patch data with git's headers put where plain
 * "diff -u" output lacks them; the first part of a path is taken off, as git apply does. The caller
 * frees. NULL when a header names an absolute path, or one without a first part: then *ret_bad
 * (owned by the caller) is that path; or when one renames or copies: then *ret_bad is that line. */
char *mvm_patch_text_normalise(const char *data, size_t len, char **ret_bad);
