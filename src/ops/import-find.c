/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/import.h"

#include "util/error.h"

#include <string.h>

/* How many files of a directory are looked at. */
#define MAX_FILES 10000

/* What the peers call the script that starts the machine, by likelihood. */
static const char *const scripts[] = {"OpenCore-Boot.sh", "basic.sh", "boot.sh"};

static bool
tells_of_machine(const char *name)
{
    return g_str_has_suffix(name, ".conf") || g_str_has_suffix(name, ".xml");
}

static char *
find_script(const char *dir)
{
    for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++) {
        g_autofree char *path = g_build_filename(dir, scripts[i], NULL);

        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return g_steal_pointer(&path);
    }
    return NULL;
}

static char *
refuse(const char *dir, const char *cause, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND, "cannot import '%s': %s", dir, cause);
    mvm_error_set_hint(error, "name the file: the script that starts the machine, quickemu's "
                              ".conf, or a libvirt domain's XML");
    return NULL;
}

/* The only configuration in dir. */
static char *
find_only(const char *dir, GError **error)
{
    g_autoptr(GDir) listing = g_dir_open(dir, 0, NULL);
    g_autofree char *found = NULL;
    const char *name = NULL;

    for (int i = 0; listing != NULL && i < MAX_FILES && (name = g_dir_read_name(listing)); i++) {
        g_autofree char *path = g_build_filename(dir, name, NULL);

        if (!tells_of_machine(name) || !g_file_test(path, G_FILE_TEST_IS_REGULAR))
            continue;
        if (found != NULL)
            return refuse(dir, "several files there may tell of a machine", error);
        found = g_steal_pointer(&path);
    }
    return found != NULL ? g_steal_pointer(&found)
                         : refuse(dir, "nothing there tells of a machine", error);
}

char *
mvm_import_find(const char *path, GError **error)
{
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    char *script = NULL;

    /* An empty name would be the current directory: a variable of a script that was not set. */
    if (*path == '\0' || !g_file_test(absolute, G_FILE_TEST_EXISTS))
        return refuse(path, "No such file or directory", error);
    if (!g_file_test(absolute, G_FILE_TEST_IS_DIR))
        return g_steal_pointer(&absolute);
    script = find_script(absolute);
    return script != NULL ? script : find_only(absolute, error);
}
