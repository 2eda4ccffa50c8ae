/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/screen.h"

#include "util/words.h"

#include <arpa/inet.h>

#define BY_PORT "/domain/devices/graphics[@port>0][1]"
#define BY_SOCKET "/domain/devices/graphics[listen/@type='socket'][1]"

char *
mvm_screen_address(xmlDoc *doc)
{
    g_autofree char *type = mvm_xml_get(doc, BY_PORT "/@type");
    g_autofree char *port = mvm_xml_get(doc, BY_PORT "/@port");
    g_autofree char *listen = mvm_xml_get(doc, BY_PORT "/@listen");
    g_autofree char *local = mvm_xml_get(doc, BY_SOCKET "/@type");
    g_autofree char *socket = mvm_xml_get(doc, BY_SOCKET "/listen/@socket");

    if (type != NULL && port != NULL)
        return g_strdup_printf("%s://%s:%s", type, listen != NULL ? listen : "127.0.0.1", port);
    if (local != NULL && socket != NULL)
        return g_strdup_printf("%s+unix://%s", local, socket);
    return NULL;
}

/* A name is taken for what it says; libvirt resolves others than this one to who knows what. */
static bool
is_loopback(const char *address)
{
    struct in6_addr six;
    struct in_addr four;

    if (inet_pton(AF_INET, address, &four) == 1)
        return ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
    if (inet_pton(AF_INET6, address, &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six);
    return g_ascii_strcasecmp(address, "localhost") == 0;
}

/* libvirt keeps the first <listen>'s address in the attribute of <graphics> as well. */
char *
mvm_screen_exposure(xmlDoc *doc)
{
    g_autoptr(GPtrArray) places = mvm_xml_get_nodes(
        doc, "/domain/devices/graphics/@listen | /domain/devices/graphics/listen/@address | "
             "/domain/devices/graphics/listen[@type='network' and not(@address)]/@network");

    for (guint i = 0; i < places->len; i++) {
        g_autofree char *place = mvm_xml_node_get(places->pdata[i], ".");

        if (place != NULL && *place != '\0' && !is_loopback(place))
            return g_steal_pointer(&place);
    }
    return NULL;
}

bool
mvm_screen_is_unlocked(xmlDoc *doc)
{
    return mvm_xml_get_node(doc, "/domain/devices/graphics[@type='vnc' or @type='spice']"
                                 "[not(@passwd)][not(listen/@type='socket' or listen/@type='none')]"
                                 "[not(@socket)]") != NULL;
}

void
mvm_screen_warn(const MvmContext *context, const char *name, xmlDoc *doc)
{
    g_autofree char *exposure = mvm_screen_exposure(doc);
    g_autofree char *word = mvm_word_quote(name);

    if (exposure != NULL)
        mvm_progress_note(context->progress,
                          "warning: the screen of '%s' is open to the network ('%s'): whoever "
                          "gets there has the machine; 'virt-xml %s --edit --graphics "
                          "listen=127.0.0.1' closes it",
                          name, exposure, word);
}
