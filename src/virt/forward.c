/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/forward.h"

#include "util/json.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* A domain's XML may be anything: no more than these are kept. */
#define MAX_FORWARDS 1024
#define MAX_RANGES 256 /* of one <portForward> */

void
mvm_forward_free(MvmForward *forward)
{
    if (forward == NULL)
        return;
    g_free(forward->host);
    g_free(forward);
}

static void
keep(GPtrArray *forwards, const char *host, unsigned first, unsigned last, unsigned guest)
{
    MvmForward *forward = NULL;

    if (forwards->len >= MAX_FORWARDS)
        return;
    forward = g_new0(MvmForward, 1);
    *forward = (MvmForward){g_strdup(host), first, last, guest};
    g_ptr_array_add(forwards, forward);
}

/* The address as inet_ntop() writes it; NULL when it is none. QEMU takes what inet_aton() does. The
 * caller frees. */
static char *
normalise(const char *text)
{
    char out[INET6_ADDRSTRLEN] = "";
    struct in6_addr six;
    struct in_addr four;

    if (inet_aton(text, &four) != 0)
        return g_strdup(inet_ntop(AF_INET, &four, out, sizeof(out)));
    if (inet_pton(AF_INET6, text, &six) == 1)
        return g_strdup(inet_ntop(AF_INET6, &six, out, sizeof(out)));
    return NULL;
}

static bool
read_port(const char *text, unsigned *ret_port)
{
    guint64 port = 0;

    if (!g_ascii_string_to_unsigned(text, 10, 1, 65535, &port, NULL))
        return false;
    *ret_port = (unsigned)port;
    return true;
}

/* --- QEMU's arguments ------------------------------------------------------------------------- */

/* "ADDRESS:PORT" with either in brackets or the address missing; text is changed. */
static bool
split_address(char *text, char **ret_address, unsigned *ret_port)
{
    char *colon = strrchr(text, ':');
    size_t len = 0;

    if (colon == NULL || !read_port(colon + 1, ret_port))
        return false;
    *colon = '\0';
    len = strlen(text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text[len - 1] = '\0';
        text++;
    }
    *ret_address = text;
    return true;
}

/* "[tcp]:[HOSTADDR]:HOSTPORT-[GUESTADDR]:GUESTPORT". Whatever the guest's address is, it is on the
 * network of this machine alone. */
static void
read_hostfwd(GPtrArray *forwards, const char *text)
{
    g_autofree char *rest = g_strdup(text);
    char *from = strchr(rest, ':');
    char *to = from != NULL ? strchr(from, '-') : NULL;
    char *host = NULL, *inside = NULL;
    unsigned port = 0, guest = 0;
    g_autofree char *address = NULL;

    if (to == NULL)
        return;
    *from++ = '\0';
    *to++ = '\0';
    if ((*rest != '\0' && !g_str_equal(rest, "tcp")) || !split_address(from, &host, &port) ||
        !split_address(to, &inside, &guest))
        return;
    address = normalise(*host != '\0' ? host : "0.0.0.0");
    if (address != NULL)
        keep(forwards, address, port, port, guest);
}

/* QEMU's options are parted by commas; two of them are one in a value. */
static void
read_options(GPtrArray *forwards, const char *text)
{
    g_autoptr(GString) option = g_string_new(NULL);

    for (const char *at = text;; at++) {
        if (*at == ',' && at[1] == ',') {
            g_string_append_c(option, *at++);
        } else if (*at == ',' || *at == '\0') {
            if (g_str_has_prefix(option->str, "hostfwd="))
                read_hostfwd(forwards, option->str + strlen("hostfwd="));
            g_string_truncate(option, 0);
        } else {
            g_string_append_c(option, *at);
        }
        if (*at == '\0')
            return;
    }
}

/* {"type": "user", "hostfwd": [{"str": "tcp::2222-:22"}]} */
static void
read_json(GPtrArray *forwards, const char *text)
{
    g_auto(GStrv) values = mvm_json_find_strings(text, "hostfwd", "str");

    for (char **value = values; *value != NULL; value++)
        read_hostfwd(forwards, *value);
}

/* QEMU takes its options with one dash or two. */
static bool
is_network_option(const char *word)
{
    const char *name = *word == '-' ? word + (word[1] == '-' ? 2 : 1) : "";

    return g_str_equal(name, "netdev") || g_str_equal(name, "nic") || g_str_equal(name, "net");
}

static void
read_arguments(GPtrArray *forwards, xmlDoc *doc)
{
    g_autoptr(GPtrArray) args = mvm_xml_get_nodes(doc, "/domain/qemu:commandline/qemu:arg");
    bool network = false;

    for (guint i = 0; i < args->len; i++) {
        g_autofree char *value = mvm_xml_node_get(args->pdata[i], "@value");

        if (value != NULL && network && *value == '{')
            read_json(forwards, value);
        else if (value != NULL && network)
            read_options(forwards, value);
        network = value != NULL && !network && is_network_option(value);
    }
}

/* --- libvirt's elements ----------------------------------------------------------------------- */

typedef struct {
    unsigned first, last, guest;
    bool exclude;
} Range;

static bool
read_range(xmlNode *node, Range *ret_range)
{
    g_autofree char *start = mvm_xml_node_get(node, "@start");
    g_autofree char *end = mvm_xml_node_get(node, "@end");
    g_autofree char *to = mvm_xml_node_get(node, "@to");
    g_autofree char *exclude = mvm_xml_node_get(node, "@exclude");
    Range range = {.exclude = g_strcmp0(exclude, "yes") == 0};

    if (start == NULL || !read_port(start, &range.first))
        return false;
    range.last = range.guest = range.first;
    if ((end != NULL && !read_port(end, &range.last)) ||
        (to != NULL && !read_port(to, &range.guest)) || range.last < range.first)
        return false;
    *ret_range = range;
    return true;
}

/* The parts of range that none of the others, from index on, excludes. */
static void
keep_range(GPtrArray *forwards, const char *host, Range range, const GArray *others, guint index)
{
    for (guint i = index; i < others->len; i++) {
        const Range *other = &g_array_index(others, Range, i);
        Range after = range;

        if (!other->exclude || other->last < range.first || other->first > range.last)
            continue;
        if (other->last < range.last) {
            after.first = other->last + 1;
            after.guest = range.guest + (after.first - range.first);
            keep_range(forwards, host, after, others, i + 1);
        }
        if (other->first <= range.first)
            return;
        range.last = other->first - 1;
    }
    keep(forwards, host, range.first, range.last, range.guest);
}

/* A device other than the loopback is not reached from here by an address that is known. */
static char *
read_address(xmlNode *node)
{
    g_autofree char *address = mvm_xml_node_get(node, "@address");
    g_autofree char *device = mvm_xml_node_get(node, "@dev");

    if (address != NULL)
        return normalise(address);
    if (device != NULL)
        return g_str_equal(device, "lo") ? g_strdup("127.0.0.1") : NULL;
    return g_strdup("0.0.0.0");
}

static void
read_port_forward(GPtrArray *forwards, xmlNode *node)
{
    g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(Range));
    g_autofree char *proto = mvm_xml_node_get(node, "@proto");
    g_autofree char *host = read_address(node);

    if (host == NULL || g_strcmp0(proto, "tcp") != 0)
        return;
    for (xmlNode *child = mvm_xml_element(node->children); child != NULL;
         child = mvm_xml_element(child->next)) {
        Range range = {0};

        if (mvm_xml_is(child, "range") && ranges->len < MAX_RANGES && read_range(child, &range))
            g_array_append_val(ranges, range);
    }
    for (guint i = 0; i < ranges->len; i++) {
        const Range *range = &g_array_index(ranges, Range, i);

        if (!range->exclude)
            keep_range(forwards, host, *range, ranges, 0);
    }
}

/* --- what is asked ---------------------------------------------------------------------------- */

GPtrArray *
mvm_forwards_read(xmlDoc *doc)
{
    GPtrArray *forwards = g_ptr_array_new_with_free_func((GDestroyNotify)mvm_forward_free);
    g_autoptr(GPtrArray) nodes = mvm_xml_get_nodes(doc, "/domain/devices/interface/portForward");

    read_arguments(forwards, doc);
    for (guint i = 0; i < nodes->len; i++)
        read_port_forward(forwards, nodes->pdata[i]);
    return forwards;
}

static bool
is_any(const char *host)
{
    return g_str_equal(host, "0.0.0.0") || g_str_equal(host, "::");
}

static const char *
reachable(const char *host)
{
    return g_str_equal(host, "0.0.0.0") ? "127.0.0.1" : g_str_equal(host, "::") ? "::1" : host;
}

static bool
is_loopback(const char *host)
{
    const char *address = reachable(host);

    return g_str_has_prefix(address, "127.") || g_str_equal(address, "::1");
}

bool
mvm_forwards_find(const GPtrArray *forwards, unsigned guest, unsigned preferred,
                  const char **ret_host, unsigned *ret_port)
{
    int best = 0;

    for (guint i = 0; i < forwards->len; i++) {
        const MvmForward *forward = forwards->pdata[i];
        unsigned port = forward->first + (guest - forward->guest);
        int rank = (port == preferred ? 4 : 0) + (is_loopback(forward->host) ? 2 : 0) + 1;

        if (guest < forward->guest || port > forward->last || rank <= best)
            continue;
        best = rank;
        *ret_host = reachable(forward->host);
        *ret_port = port;
    }
    return best > 0;
}

/* What listens at all addresses of IPv6 has those of IPv4 as well. */
static bool
same_address(const char *a, const char *b)
{
    bool both_six = strchr(a, ':') != NULL && strchr(b, ':') != NULL;
    bool both_four = strchr(a, ':') == NULL && strchr(b, ':') == NULL;

    if (g_str_equal(a, "::") || g_str_equal(b, "::"))
        return true;
    return g_str_equal(a, b) || ((is_any(a) || is_any(b)) && (both_six || both_four));
}

bool
mvm_forwards_clash(const GPtrArray *a, const GPtrArray *b, unsigned *ret_port)
{
    for (guint i = 0; i < a->len; i++) {
        const MvmForward *left = a->pdata[i];

        for (guint j = 0; j < b->len; j++) {
            const MvmForward *right = b->pdata[j];
            unsigned first = MAX(left->first, right->first);

            if (first > MIN(left->last, right->last) || !same_address(left->host, right->host))
                continue;
            *ret_port = first;
            return true;
        }
    }
    return false;
}
