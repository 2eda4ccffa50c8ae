/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/catalog.h"

#include "util/error.h"

#include <string.h>

#define ANONYMOUS "00000000000000000"
#define DEFAULT_ID "14"

/* Board ids as OpenCore's macrecovery and kholia/OSX-KVM publish them (February 2026). The server
 * gives a board the newest version it reaches, so boards that stop at the wanted one are taken;
 * 10.13 and 10.14 have none and are reached as the oldest version of a serial number's product. */
static const MvmMediaVersion versions[] = {
    {"10.13", "high-sierra", "macOS High Sierra 10.13", "Mac-7BA5B2D9E42DDD94", "00000000000J80300",
     "default"},
    {"10.14", "mojave", "macOS Mojave 10.14", "Mac-7BA5B2DFE22DDD8C", "00000000000KXPG00",
     "default"},
    {"10.15", "catalina", "macOS Catalina 10.15", "Mac-00BE6ED71E35EB86", ANONYMOUS, "default"},
    {"11", "big-sur", "macOS Big Sur 11", "Mac-2BD1B31983FE1663", ANONYMOUS, "default"},
    {"12", "monterey", "macOS Monterey 12", "Mac-B809C3757DA9BB8D", ANONYMOUS, "latest"},
    {"13", "ventura", "macOS Ventura 13", "Mac-4B682C642B45593E", ANONYMOUS, "latest"},
    {"14", "sonoma", "macOS Sonoma 14", "Mac-827FAC58A8FDFA22", ANONYMOUS, "default"},
    {"15", "sequoia", "macOS Sequoia 15", "Mac-937A206F2EE63C01", ANONYMOUS, "latest"},
    /* The last release for Intel Macs: "latest" stays at it. */
    {"26", "tahoe", "macOS Tahoe 26", "Mac-CFF7D910A743CAAF", ANONYMOUS, "latest"},
};

const MvmMediaVersion *
mvm_media_versions(size_t *ret_count)
{
    *ret_count = G_N_ELEMENTS(versions);
    return versions;
}

bool
mvm_media_version_is_default(const MvmMediaVersion *version)
{
    return strcmp(version->id, DEFAULT_ID) == 0;
}

/* "macOS High Sierra" -> "high-sierra"; the caller frees. */
static char *
normalise(const char *text)
{
    g_autofree char *lower = g_ascii_strdown(text, -1);
    const char *start = g_strstrip(lower);

    if (g_str_has_prefix(start, "macos"))
        start += strlen("macos");
    while (*start == ' ' || *start == '-')
        start++;
    return g_strdelimit(g_strdup(start), " _", '-');
}

const MvmMediaVersion *
mvm_media_version_find(const char *text, GError **error)
{
    g_autofree char *wanted = normalise(text != NULL ? text : DEFAULT_ID);

    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        if (strcmp(wanted, versions[i].id) == 0 || strcmp(wanted, versions[i].name) == 0)
            return &versions[i];
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                "cannot find macOS version '%s': not one that macvm knows", text);
    mvm_error_set_hint(error, "'macvm fetch --list' shows the versions; a number names a whole "
                              "release (14), since Apple serves only the newest of each");
    return NULL;
}
