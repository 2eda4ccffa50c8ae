/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who a machine is by an OpenCore disk that macvm did not make. */
#include "media/plist.h"
#include "ops/opencore-disk.h"
#include "upstream/roles.h"
#include "util/error.h"
#include "util/file.h"

#include <string.h>

#define GENERIC "PlatformInfo.Generic."
#define SERIAL GENERIC "SystemSerialNumber"

static char *
get(const MvmPlist *plist, const char *key)
{
    char *text = mvm_plist_get(plist, key, NULL, NULL);

    return text != NULL ? text : g_strdup("");
}

/* Data, or digits in a string, as upstream's own has them. */
static char *
get_rom(const MvmPlist *plist)
{
    MvmPlistType type = MVM_PLIST_STRING;
    g_autofree char *text = mvm_plist_get(plist, GENERIC "ROM", &type, NULL);
    g_autofree char *hex =
        text != NULL && type == MVM_PLIST_DATA ? mvm_plist_data_to_hex(text) : g_strdup(text);

    if (hex == NULL)
        return g_strdup("");
    return g_ascii_strup(hex + (g_str_has_prefix(hex, "0x") ? 2 : 0), -1);
}

/* Whether serial is in the checkout, for everybody. */
static bool
is_upstreams(const char *serial)
{
    g_autofree char *path = mvm_upstream_find(NULL, MVM_UPSTREAM_CONFIG_PLIST, NULL);
    size_t len = 0;
    g_autofree char *text =
        path != NULL ? mvm_file_read(path, MVM_PLIST_MAX_SIZE, &len, NULL) : NULL;
    g_autoptr(MvmPlist) plist = text != NULL ? mvm_plist_parse(text, len, path, NULL) : NULL;
    g_autofree char *theirs = plist != NULL ? get(plist, SERIAL) : NULL;

    return g_strcmp0(theirs, serial) == 0;
}

MvmIdentity *
mvm_opencore_read_identity(const MvmContext *context, const char *path, char **ret_uuid,
                           GError **error)
{
    g_autoptr(MvmPlist) plist = mvm_opencore_read(context, path, NULL, error);
    g_autoptr(MvmIdentity) identity = NULL;
    g_autofree char *uuid = NULL;

    if (plist == NULL)
        return NULL;
    identity = g_new0(MvmIdentity, 1);
    *identity = (MvmIdentity){get(plist, GENERIC "SystemProductName"), get(plist, SERIAL),
                              get(plist, GENERIC "MLB"), get_rom(plist)};
    if (is_upstreams(identity->serial)) {
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_FAILED,
                            "its serial number is the one that OpenCore comes with, which "
                            "everybody has");
        return NULL;
    }
    if (!mvm_identity_check(identity, error))
        return NULL;
    uuid = get(plist, GENERIC "SystemUUID");
    *ret_uuid = g_uuid_string_is_valid(uuid) ? g_ascii_strdown(uuid, -1) : NULL;
    return g_steal_pointer(&identity);
}
