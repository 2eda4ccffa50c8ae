/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/paths.h"

#include "util/error.h"

#include <string.h>

char *
mvm_path_user_data(const char *name)
{
    return g_build_filename(g_get_user_data_dir(), "macvm", name, NULL);
}

char *
mvm_path_user_config(const char *name)
{
    return g_build_filename(g_get_user_config_dir(), "macvm", name, NULL);
}

char *
mvm_path_runtime(const char *name)
{
    return g_build_filename(g_get_user_runtime_dir(), "macvm", name, NULL);
}

/* An installed program must not read a source tree that happens to be still there. */
static bool
runs_uninstalled(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);

    return self != NULL && g_str_has_prefix(self, MACVM_BUILD_DIR "/");
}

char *
mvm_path_shipped(const char *name)
{
    const char *override = g_getenv("MACVM_DATA_DIR");

    if (override != NULL && *override != '\0')
        return g_build_filename(override, name, NULL);
    return g_build_filename(runs_uninstalled() ? MACVM_SOURCE_DIR : MACVM_INSTALL_DATADIR, name,
                            NULL);
}

char *
mvm_path_find_data(const char *name, GError **error)
{
    g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *joined = NULL;

    g_ptr_array_add(places, mvm_path_user_config(name));
    g_ptr_array_add(places, mvm_path_shipped(name));

    for (guint i = 0; i < places->len; i++) {
        if (g_file_test(places->pdata[i], G_FILE_TEST_EXISTS))
            return g_strdup(places->pdata[i]);
    }
    g_ptr_array_add(places, NULL);
    joined = g_strjoinv("' nor '", (char **)places->pdata);
    g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND, "cannot find '%s': neither '%s'", name,
                joined);
    mvm_error_set_hint(error, "reinstall macvm, or set MACVM_DATA_DIR to its data directory");
    return NULL;
}
