/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a user set in OpenCore's config.plist by key path: remembered with the machine, and written
 * into each disk that is made for it. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define MVM_CONFIG_MAX_EDITS 256
#define MVM_CONFIG_KEY_MAX 1024
#define MVM_CONFIG_VALUE_MAX 65536

typedef struct {
    char *key;   /* see media/plist.h: "Misc.Boot.Timeout" */
    char *type;  /* "string", "integer", "real", "boolean", "data" */
    char *value; /* as mvm_plist_set() takes it */
} MvmConfigEdit;

/* An empty list, of MvmConfigEdit that it owns; freed by g_ptr_array_unref(). */
GPtrArray *mvm_config_edits_new(void);

/* A copy of edits, NULL being an empty list. */
GPtrArray *mvm_config_edits_copy(const GPtrArray *edits);

/* Whether an edit of these may be kept: form and bounds. */
bool mvm_config_edit_is_valid(const char *key, const char *type, const char *value);

/* Takes a copy of edit, in the place of an older one of the same key. False when there are too
 * many. */
bool mvm_config_edits_put(GPtrArray *edits, const MvmConfigEdit *edit);

/* Forgets the edit of key, if there is one. */
void mvm_config_edits_drop(GPtrArray *edits, const char *key);
