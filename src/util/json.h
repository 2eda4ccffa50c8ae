/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing one JSON document, and reading a little. json-glib stays behind this header: it exports
 * names that other JSON libraries in the process (json-c in newer libvirt) export too. Keys are
 * snake_case and never change; memory in bytes, times in seconds, absent values null.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct MvmJson MvmJson;

MvmJson *mvm_json_new(void);
void mvm_json_free(MvmJson *json);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmJson, mvm_json_free)

/* Containers. key is the member's name inside an object, NULL inside an array or at the top. */
void mvm_json_begin_object(MvmJson *json, const char *key);
void mvm_json_end_object(MvmJson *json);
void mvm_json_begin_array(MvmJson *json, const char *key);
void mvm_json_end_array(MvmJson *json);

/* Values; a NULL string is null. */
void mvm_json_string(MvmJson *json, const char *key, const char *value);
void mvm_json_int(MvmJson *json, const char *key, int64_t value);
void mvm_json_bool(MvmJson *json, const char *key, bool value);
void mvm_json_null(MvmJson *json, const char *key);

/* The finished document with a trailing newline; the caller frees. pretty: two-space indent. */
char *mvm_json_to_text(MvmJson *json, bool pretty);

/* The strings s of {"list": [{"key": s}, ...]}, ended by NULL; empty when text is something else.
 * The caller frees with g_strfreev(). */
char **mvm_json_find_strings(const char *text, const char *list, const char *key);
