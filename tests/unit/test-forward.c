/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the ports of the host lead, as a domain's XML has it. */
#include "virt/forward.h"

#include <string.h>

#define ARG(value) "<qemu:arg value='" value "'/>"
#define NETDEV(options) ARG("-netdev") ARG("user,id=n," options)
#define PASST(forwards) "<interface type='user'><backend type='passt'/>" forwards "</interface>"
#define TCP(attributes, ranges) "<portForward proto='tcp'" attributes ">" ranges "</portForward>"

static GPtrArray *
read_forwards(const char *arguments, const char *devices)
{
    g_autofree char *text =
        g_strdup_printf("<domain xmlns:qemu='" MVM_XML_NS_QEMU "'><devices>%s</devices>"
                        "<qemu:commandline>%s</qemu:commandline></domain>",
                        devices, arguments);
    g_autoptr(GError) error = NULL;
    g_autoptr(xmlDoc) doc = mvm_xml_parse(text, strlen(text), "test", &error);

    g_assert_no_error(error);
    return mvm_forwards_read(doc);
}

/* "HOST:PORT" that leads to the guest's port 22; "" for none. */
static char *
way(const GPtrArray *forwards, unsigned preferred)
{
    const char *host = NULL;
    unsigned port = 0;

    if (!mvm_forwards_find(forwards, 22, preferred, &host, &port))
        return g_strdup("");
    return g_strdup_printf("%s:%u", host, port);
}

static const struct {
    const char *arguments, *devices, *way;
} cases[] = {
    {"", "", ""},
    {NETDEV("hostfwd=tcp:127.0.0.1:2222-:22"), "", "127.0.0.1:2222"},
    {NETDEV("hostfwd=tcp::2222-:22"), "", "127.0.0.1:2222"},
    {NETDEV("hostfwd=::2222-:22"), "", "127.0.0.1:2222"},
    {NETDEV("hostfwd=tcp:0.0.0.0:2222-10.0.2.15:22"), "", "127.0.0.1:2222"},
    {NETDEV("hostfwd=tcp:127.1:2222-:22"), "", "127.0.0.1:2222"},
    {NETDEV("hostfwd=tcp:192.0.2.7:2222-:22"), "", "192.0.2.7:2222"},
    {NETDEV("hostfwd=tcp:[::1]:2222-[fec0::15]:22"), "", "::1:2222"},
    {NETDEV("hostfwd=tcp:[::]:2222-:22"), "", "::1:2222"},
    /* To something else than ssh, or not for ssh. */
    {NETDEV("hostfwd=tcp:127.0.0.1:2222-:5900"), "", ""},
    {NETDEV("hostfwd=udp:127.0.0.1:2222-:22"), "", ""},
    {NETDEV("hostfwd=unix:/run/x-:22"), "", ""},
    {NETDEV("guestfwd=tcp:10.0.2.100:22-cmd:nc"), "", ""},
    /* QEMU chooses the port, or takes none of these. */
    {NETDEV("hostfwd=tcp:127.0.0.1:0-:22"), "", ""},
    {NETDEV("hostfwd=tcp:127.0.0.1:99999-:22"), "", ""},
    {NETDEV("hostfwd=tcp:somehost:2222-:22"), "", ""},
    {NETDEV("hostfwd=tcp:127.0.0.1:2222"), "", ""},
    {NETDEV("hostfwd="), "", ""},
    /* Several, of which one leads to ssh; several that do. */
    {NETDEV("hostfwd=tcp::5900-:5900,hostfwd=tcp::2300-:22"), "", "127.0.0.1:2300"},
    {NETDEV("hostfwd=tcp:192.0.2.7:2200-:22,hostfwd=tcp::2300-:22"), "", "127.0.0.1:2300"},
    {NETDEV("hostfwd=tcp::2300-:22,hostfwd=tcp::2222-:22"), "", "127.0.0.1:2222"},
    {NETDEV("hostfwd=tcp::2222-:80,hostfwd=tcp::2300-:22"), "", "127.0.0.1:2300"},
    {NETDEV("hostname=a") NETDEV("hostfwd=tcp::2300-:22"), "", "127.0.0.1:2300"},
    /* The other ways to write it. */
    {ARG("-nic") ARG("user,model=virtio,hostfwd=tcp::2300-:22"), "", "127.0.0.1:2300"},
    {ARG("-net") ARG("nic") ARG("-net") ARG("user,hostfwd=tcp::2300-:22"), "", "127.0.0.1:2300"},
    {ARG("--netdev") ARG("user,id=n,hostfwd=tcp::2300-:22"), "", "127.0.0.1:2300"},
    {ARG("-netdev")
         ARG("{\"type\":\"user\",\"id\":\"n\",\"hostfwd\":[{\"str\":\"tcp::2300-:22\"}]}"),
     "", "127.0.0.1:2300"},
    {ARG("-netdev") ARG("{\"hostfwd\":[1,{\"str\":2}]}"), "", ""},
    /* No network's option, or the text of another one. */
    {ARG("-device") ARG("x,hostfwd=tcp::2300-:22"), "", ""},
    {ARG("-netdev") ARG("user,id=n,bootfile=a,,hostfwd=tcp::2300-:22"), "", ""},
    {ARG("-netdev"), "", ""},
    /* libvirt's elements. */
    {"", PASST(TCP(" address='127.0.0.1'", "<range start='2300' to='22'/>")), "127.0.0.1:2300"},
    {"", PASST(TCP("", "<range start='2300' to='22'/>")), "127.0.0.1:2300"},
    {"", PASST(TCP(" address='::1'", "<range start='2300' to='22'/>")), "::1:2300"},
    {"", PASST(TCP(" dev='lo'", "<range start='2300' to='22'/>")), "127.0.0.1:2300"},
    {"", PASST(TCP(" dev='eth0'", "<range start='2300' to='22'/>")), ""},
    {"", PASST(TCP(" dev='eth0' address='192.0.2.7'", "<range start='2300' to='22'/>")),
     "192.0.2.7:2300"},
    {"", PASST("<portForward proto='udp'><range start='2300' to='22'/></portForward>"), ""},
    {"", PASST(TCP("", "<range start='22'/>")), "127.0.0.1:22"},
    {"", PASST(TCP("", "<range start='2300' end='2310' to='20'/>")), "127.0.0.1:2302"},
    {"", PASST(TCP("", "<range start='2300' end='2301' to='20'/>")), ""},
    {"", PASST(TCP("", "<range start='20' end='30'/><range start='21' end='23' exclude='yes'/>")),
     ""},
    {"", PASST(TCP("", "<range start='20' end='30'/><range start='23' exclude='yes'/>")),
     "127.0.0.1:22"},
    {"", PASST(TCP("", "<range start='22' exclude='yes'/>")), ""},
    {"", PASST(TCP("", "")), ""},
    {"", PASST(TCP("", "<range start='x' to='22'/><range start='9' end='2' to='22'/>")), ""},
    {"", PASST(TCP("", "<range start='5900'/>")) PASST(TCP("", "<range start='2300' to='22'/>")),
     "127.0.0.1:2300"},
};

static void
test_read(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) forwards = read_forwards(cases[i].arguments, cases[i].devices);
        g_autofree char *found = way(forwards, 2222);

        g_test_message("case %zu: %s%s", i, cases[i].arguments, cases[i].devices);
        g_assert_cmpstr(found, ==, cases[i].way);
    }
}

static void
test_clash(void)
{
    static const struct {
        const char *a, *b;
        unsigned port;
    } pairs[] = {
        {"tcp:127.0.0.1:2222-:22", "tcp:127.0.0.1:2222-:80", 2222},
        {"tcp:127.0.0.1:2222-:22", "tcp::2222-:22", 2222},
        {"tcp:192.0.2.7:2222-:22", "tcp:127.0.0.1:2222-:22", 0},
        {"tcp:127.0.0.1:2222-:22", "tcp:[::]:2222-:22", 2222},
        {"tcp:127.0.0.1:2222-:22", "tcp:[::1]:2222-:22", 0},
        {"tcp::2222-:22", "tcp:[::1]:2222-:22", 0},
        {"tcp:127.0.0.1:2222-:22", "tcp:127.0.0.1:2223-:22", 0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autofree char *one = g_strdup_printf(NETDEV("hostfwd=%s"), pairs[i].a);
        g_autofree char *two = g_strdup_printf(NETDEV("hostfwd=%s"), pairs[i].b);
        g_autoptr(GPtrArray) a = read_forwards(one, "");
        g_autoptr(GPtrArray) b = read_forwards(two, "");
        unsigned port = 0;

        g_assert_cmpint(mvm_forwards_clash(a, b, &port), ==, pairs[i].port != 0);
        g_assert_cmpint(mvm_forwards_clash(b, a, &port), ==, pairs[i].port != 0);
        g_assert_cmpuint(port, ==, pairs[i].port);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/forward/read", test_read);
    g_test_add_func("/forward/clash", test_clash);
    return g_test_run();
}
