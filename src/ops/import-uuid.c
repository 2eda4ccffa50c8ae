/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/opencore-read.h"
#include "media/plist.h"
#include "ops/import.h"
#include "util/command.h"

#include <string.h>
#include <unistd.h>

/* A boot loader's disk is some hundred MiB. One that claims to be larger is not unpacked. */
#define DISK_MAX (INT64_C(4) << 30)

/* The capacity that qemu-img sees, or -1. */
static gint64
capacity_of(const char *path, const char *format)
{
    const char *const argv[] = {"qemu-img", "info", "-f", format, "--output=json", path, NULL};
    g_autofree char *out = mvm_command_run(argv, NULL);
    const char *at = out != NULL ? strstr(out, "\"virtual-size\":") : NULL;

    return at != NULL ? g_ascii_strtoll(at + strlen("\"virtual-size\":"), NULL, 10) : -1;
}

static char *
uuid_of_config(const char *raw)
{
    size_t len = 0;
    g_autofree char *text = mvm_opencore_image_read_config(raw, &len, NULL);
    g_autoptr(MvmPlist) plist =
        text != NULL ? mvm_plist_parse(text, len, "config.plist", NULL) : NULL;
    g_autofree char *uuid =
        plist != NULL ? mvm_plist_get(plist, "PlatformInfo.Generic.SystemUUID", NULL, NULL) : NULL;

    return uuid != NULL && g_uuid_string_is_valid(uuid) ? g_ascii_strdown(uuid, -1) : NULL;
}

char *
mvm_import_read_uuid(const char *path, bool is_raw)
{
    const char *format = is_raw ? "raw" : "qcow2";
    g_autofree char *dir = g_dir_make_tmp("macvm-import.XXXXXX", NULL);
    g_autofree char *raw = dir != NULL ? g_build_filename(dir, "opencore.raw", NULL) : NULL;
    const char *const argv[] = {"qemu-img", "convert", "-f", format, "-O", "raw", path, raw, NULL};
    gint64 capacity = raw != NULL ? capacity_of(path, format) : -1;
    g_autofree char *out =
        capacity > 0 && capacity <= DISK_MAX ? mvm_command_run(argv, NULL) : NULL;
    char *uuid = out != NULL ? uuid_of_config(raw) : NULL;

    if (raw != NULL)
        (void)unlink(raw);
    if (dir != NULL)
        (void)rmdir(dir);
    return uuid;
}
