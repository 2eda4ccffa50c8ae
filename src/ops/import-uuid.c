/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/opencore-read.h"
#include "media/plist.h"
#include "ops/import.h"
#include "ops/opencore-disk.h"

#include <unistd.h>

static char *
uuid_of_config(const char *raw)
{
    size_t len = 0;
    g_autofree char *text = mvm_opencore_image_read(raw, MVM_OPENCORE_CONFIG, &len, NULL);
    g_autoptr(MvmPlist) plist =
        text != NULL ? mvm_plist_parse(text, len, "config.plist", NULL) : NULL;
    g_autofree char *uuid =
        plist != NULL ? mvm_plist_get(plist, "PlatformInfo.Generic.SystemUUID", NULL, NULL) : NULL;

    return uuid != NULL && g_uuid_string_is_valid(uuid) ? g_ascii_strdown(uuid, -1) : NULL;
}

char *
mvm_import_read_uuid(const char *path, bool is_raw)
{
    g_autofree char *dir = g_dir_make_tmp("macvm-import.XXXXXX", NULL);
    g_autofree char *raw = dir != NULL ? g_build_filename(dir, "opencore.raw", NULL) : NULL;
    char *uuid = NULL;

    if (dir == NULL)
        return NULL;
    if (mvm_opencore_unpack(path, is_raw ? "raw" : "qcow2", raw, NULL))
        uuid = uuid_of_config(raw);
    (void)unlink(raw);
    (void)rmdir(dir);
    return uuid;
}
