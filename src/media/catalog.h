/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The macOS versions whose recovery image Apple serves, and what to ask for to get each of them.
 * Machine profiles (src/machine) use the same ids and names.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *id;       /* "10.15", "14": as people number it */
    const char *name;     /* "catalina": lower case, words joined by hyphens */
    const char *title;    /* "macOS Catalina 10.15" */
    const char *board_id; /* a Mac that stops at this version, where there is one */
    const char *mlb;      /* 17 characters; all zero: anonymous */
    const char *os;       /* "default" or "latest": which of the board's versions */
} MvmMediaVersion;

/* All versions, oldest first; static storage. */
const MvmMediaVersion *mvm_media_versions(size_t *ret_count);

/* The version that text names by id or name ("14", "Sonoma", "high sierra", "macOS 11").
 * Static storage; MVM_ERROR_NOT_FOUND otherwise. NULL is the default version. */
const MvmMediaVersion *mvm_media_version_find(const char *text, GError **error);

/* True for the version that is taken when none is named (design.md section 3). */
bool mvm_media_version_is_default(const MvmMediaVersion *version);
