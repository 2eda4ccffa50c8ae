/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/import-priv.h"
#include "util/error.h"
#include "virt/volume.h"

static char *
locate_volume(const MvmImportWork *work, MvmImportImage image, GError **error)
{
    const char *name = work->source->image[image], *pool_name = work->source->pool[image];
    MvmConnection *conn = work->context->conn;
    g_autoptr(MvmPool) pool = NULL;
    g_autoptr(MvmVolume) volume = NULL;

    if (mvm_connection_get_endpoint(conn)->remote) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                    "cannot import '%s': it is a volume of pool '%s' of another machine", name,
                    pool_name);
        mvm_error_set_hint(error, "run macvm there, or name a file in a copy of the XML");
        return NULL;
    }
    pool = mvm_pool_open(conn, pool_name, error);
    volume = pool != NULL ? mvm_volume_lookup(pool, name, error) : NULL;
    return volume != NULL ? g_strdup(volume->path) : NULL;
}

char *
mvm_import_locate(const MvmImportWork *work, MvmImportImage image, GError **error)
{
    const char *path = work->source->image[image], *fallback = work->source->fallback[image];
    g_autofree char *first = NULL;

    if (work->source->pool[image] != NULL)
        return locate_volume(work, image, error);
    first = g_canonicalize_filename(path, work->dir);
    if (fallback == NULL || g_file_test(first, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&first);
    return g_canonicalize_filename(fallback, work->dir);
}
