/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Apple property lists in XML, edited by key path: only the bytes of the value that changes are
 * replaced; order, comments, white space and all the rest stay as they are.
 *
 * A key path is what plutil(1) of macOS takes: keys joined by '.', an array's element by its index,
 * a '.' or '\' in a key after a '\': "UEFI.Drivers.0.Path". The root must be a dictionary.
 *
 * Property lists come from outside: bounded in size and depth, no entities, well formed.
 */
#pragma once

#include "util/json.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define MVM_PLIST_MAX_SIZE (1024 * 1024)

typedef enum {
    MVM_PLIST_STRING,
    MVM_PLIST_INTEGER, /* decimal, or hexadecimal after 0x */
    MVM_PLIST_REAL,
    MVM_PLIST_BOOLEAN, /* "true" or "false" */
    MVM_PLIST_DATA,    /* base64 */
    MVM_PLIST_DATE,    /* ISO 8601; read only */
    MVM_PLIST_DICT,    /* no text; read only */
    MVM_PLIST_ARRAY,   /* likewise */
} MvmPlistType;

typedef struct MvmPlist MvmPlist;

/* Reads len bytes; what names them in errors. Fails with MVM_ERROR_FAILED on what is not a property
 * list within the bounds. The caller frees. */
MvmPlist *mvm_plist_parse(const char *text, size_t len, const char *what, GError **error);
void mvm_plist_free(MvmPlist *plist);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmPlist, mvm_plist_free)

/* The whole text as it is now; borrowed until the next change. */
const char *mvm_plist_get_text(const MvmPlist *plist, size_t *ret_len);

/* The value at path (NULL: the whole), a container too, as a property list of its own; the caller
 * frees. */
char *mvm_plist_get_document(const MvmPlist *plist, const char *path, GError **error);

/* Adds the value at path (NULL: the whole) to json as a member called key: data as "0x..." in
 * hexadecimal, dates and reals as strings, integers beyond 64 bits likewise. */
bool mvm_plist_add_json(const MvmPlist *plist, const char *path, MvmJson *json, const char *key,
                        GError **error);

/* "string", "integer", "real", "boolean", "data", "date", "dict", "array"; static storage. */
const char *mvm_plist_type_name(MvmPlistType type);

/* The type called name; false when there is none. */
bool mvm_plist_type_find(const char *name, MvmPlistType *ret_type);

/* The value at path as text (base64 without white space; "" for a container); the caller frees.
 * *ret_type, when not NULL, gets its type. Nothing there is MVM_ERROR_NOT_FOUND. */
char *mvm_plist_get(const MvmPlist *plist, const char *path, MvmPlistType *ret_type,
                    GError **error);

/* Data between base64 and "0x..." in hexadecimal; the caller frees. NULL: not of that form. */
char *mvm_plist_data_to_hex(const char *base64);
char *mvm_plist_data_from_hex(const char *hex);

/* Sets the value at path, whatever type it had unless it is a container. A key that is missing is
 * added at the end of its dictionary, which must be there. Fails with MVM_ERROR_USAGE when text is
 * no value of that type, and with MVM_ERROR_NOT_FOUND; nothing is changed then. */
bool mvm_plist_set(MvmPlist *plist, const char *path, MvmPlistType type, const char *text,
                   GError **error);

/* Takes the key at path out of its dictionary, with its value. Nothing there: MVM_ERROR_NOT_FOUND;
 * an element of an array, whose followers would get other paths: MVM_ERROR_USAGE. */
bool mvm_plist_remove(MvmPlist *plist, const char *path, GError **error);

/* A value that is no container. */
typedef struct {
    char *path; /* as above; owned */
    MvmPlistType type;
    char *value; /* owned */
} MvmPlistLeaf;

/* All of them with a path of at most 1024 bytes, in the order of the text, as MvmPlistLeaf; the
 * caller frees the array. */
GPtrArray *mvm_plist_leaves(const MvmPlist *plist);
