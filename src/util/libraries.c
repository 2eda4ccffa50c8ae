/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/libraries.h"

#include <json-glib/json-glib.h>

static void
library_free(gpointer data)
{
    MvmLibrary *library = data;

    g_free(library->name);
    g_free(library->compiled);
    g_free(library->running);
    g_free(library);
}

GPtrArray *
mvm_libraries_new(void)
{
    return g_ptr_array_new_with_free_func(library_free);
}

void
mvm_libraries_add(GPtrArray *libraries, const char *name, const char *compiled, const char *running)
{
    MvmLibrary *library = g_new(MvmLibrary, 1);

    library->name = g_strdup(name);
    library->compiled = g_strdup(compiled);
    library->running = g_strdup(running);
    g_ptr_array_add(libraries, library);
}

void
mvm_util_libraries(GPtrArray *libraries)
{
    g_autofree char *compiled =
        g_strdup_printf("%d.%d.%d", GLIB_MAJOR_VERSION, GLIB_MINOR_VERSION, GLIB_MICRO_VERSION);
    g_autofree char *running =
        g_strdup_printf("%u.%u.%u", glib_major_version, glib_minor_version, glib_micro_version);

    mvm_libraries_add(libraries, "GLib", compiled, running);
    mvm_libraries_add(libraries, "json-glib", JSON_VERSION_S, NULL);
}
