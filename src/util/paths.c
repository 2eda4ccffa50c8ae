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

/* Where data lies beside a program that is self: the whole may have been installed or moved to
 * another prefix than the one it was configured for. An installed program must not read a source
 * tree that happens to be still there. */
static char *
find_data_dir(const char *self)
{
    g_autofree char *folder = g_path_get_dirname(self);
    g_autofree char *beside = g_canonicalize_filename(MACVM_BINDIR_TO_DATADIR, folder);

#ifdef MACVM_BUILD_DIR
    if (g_str_has_prefix(self, MACVM_BUILD_DIR "/"))
        return g_strdup(MACVM_SOURCE_DIR);
#endif
    return g_file_test(beside, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&beside)
                                                   : g_strdup(MACVM_INSTALL_DATADIR);
}

char *
mvm_path_shipped(const char *name)
{
    const char *override = g_getenv("MACVM_DATA_DIR");
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = find_data_dir(self != NULL ? self : "");

    return g_build_filename(override != NULL && *override != '\0' ? override : dir, name, NULL);
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
