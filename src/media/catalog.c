/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/catalog.h"

#include <glib.h>
#include <string.h>

#define ANONYMOUS "00000000000000000"

/* Board ids as OpenCore's macrecovery and kholia/OSX-KVM publish them (February 2026). The server
 * gives a board the newest version it reaches, so boards that stop at the wanted one are taken;
 * 10.13 and 10.14 have none and are reached as the oldest version of a serial number's product.
 * 26 is the last release for Intel Macs: "latest" stays at it. */
static const MvmMediaRequest requests[] = {
    {"10.13", "Mac-7BA5B2D9E42DDD94", "00000000000J80300", "default"},
    {"10.14", "Mac-7BA5B2DFE22DDD8C", "00000000000KXPG00", "default"},
    {"10.15", "Mac-00BE6ED71E35EB86", ANONYMOUS, "default"},
    {"11", "Mac-2BD1B31983FE1663", ANONYMOUS, "default"},
    {"12", "Mac-B809C3757DA9BB8D", ANONYMOUS, "latest"},
    {"13", "Mac-4B682C642B45593E", ANONYMOUS, "latest"},
    {"14", "Mac-827FAC58A8FDFA22", ANONYMOUS, "default"},
    {"15", "Mac-937A206F2EE63C01", ANONYMOUS, "latest"},
    {"26", "Mac-CFF7D910A743CAAF", ANONYMOUS, "latest"},
};

const MvmMediaRequest *
mvm_media_request_find(const char *id)
{
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        if (strcmp(requests[i].id, id) == 0)
            return &requests[i];
    }
    return NULL;
}
