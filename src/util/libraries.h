/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The versions of other projects' libraries. A library's headers are known only in the folder named
 * for it, so each such folder has a libraries.h with one function that adds its own to a list.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *name;
    char *compiled; /* of the headers; NULL: they do not name it */
    char *running;  /* of what was loaded; NULL: it cannot be asked */
} MvmLibrary;

/* An empty list of MvmLibrary, which owns its entries. The caller frees. */
GPtrArray *mvm_libraries_new(void);

/* Adds an entry with copies of the strings. */
void mvm_libraries_add(GPtrArray *libraries, const char *name, const char *compiled,
                       const char *running);

/* Adds GLib and json-glib. */
void mvm_util_libraries(GPtrArray *libraries);
