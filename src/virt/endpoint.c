/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/endpoint.h"

#include "util/error.h"

#include <string.h>

static char *
host_without_brackets(const char *host)
{
    size_t len = host != NULL ? strlen(host) : 0;

    if (len == 0)
        return NULL;
    if (len > 2 && host[0] == '[' && host[len - 1] == ']')
        return g_strndup(host + 1, len - 2);
    return g_strdup(host);
}

/* libvirt splits the query at '&' before it unescapes, as RFC 3986 wants. */
static void
read_query(MvmEndpoint *endpoint, const char *query)
{
    g_auto(GStrv) pairs = g_strsplit(query != NULL ? query : "", "&", -1);

    for (char **pair = pairs; *pair != NULL; pair++) {
        char *value = strchr(*pair, '=');
        g_autofree char *plain = NULL;

        if (value == NULL)
            continue;
        *value++ = '\0';
        plain = g_uri_unescape_string(value, NULL);
        if (plain == NULL)
            continue;
        if (g_str_equal(*pair, "keyfile") && endpoint->keyfile == NULL)
            endpoint->keyfile = g_steal_pointer(&plain);
        else if (g_str_equal(*pair, "no_verify"))
            endpoint->no_verify = !g_str_equal(plain, "0");
    }
}

MvmEndpoint *
mvm_endpoint_parse(const char *uri, GError **error)
{
    g_autoptr(MvmEndpoint) endpoint = g_new0(MvmEndpoint, 1);
    g_autoptr(GUri) parsed = NULL;
    g_autoptr(GError) cause = NULL;
    const char *plus = NULL;

    parsed = g_uri_parse(uri, G_URI_FLAGS_ENCODED_QUERY | G_URI_FLAGS_NON_DNS, &cause);
    if (parsed == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot understand URI '%s': %s", uri,
                    cause->message);
        return NULL;
    }
    endpoint->uri = g_strdup(uri);
    plus = strchr(g_uri_get_scheme(parsed), '+');
    if (plus != NULL) {
        endpoint->driver =
            g_strndup(g_uri_get_scheme(parsed), (gsize)(plus - g_uri_get_scheme(parsed)));
        endpoint->transport = g_strdup(plus + 1);
    } else {
        endpoint->driver = g_strdup(g_uri_get_scheme(parsed));
    }
    endpoint->user = g_strdup(g_uri_get_user(parsed));
    endpoint->host = host_without_brackets(g_uri_get_host(parsed));
    endpoint->port = MAX(g_uri_get_port(parsed), 0);
    endpoint->path = g_strdup(g_uri_get_path(parsed));
    read_query(endpoint, g_uri_get_query(parsed));
    endpoint->remote = endpoint->host != NULL;
    endpoint->over_ssh = endpoint->remote && endpoint->transport != NULL &&
                         (g_str_equal(endpoint->transport, "ssh") ||
                          g_str_has_prefix(endpoint->transport, "libssh"));
    return g_steal_pointer(&endpoint);
}

void
mvm_endpoint_free(MvmEndpoint *endpoint)
{
    if (endpoint == NULL)
        return;
    g_free(endpoint->uri);
    g_free(endpoint->driver);
    g_free(endpoint->transport);
    g_free(endpoint->user);
    g_free(endpoint->host);
    g_free(endpoint->path);
    g_free(endpoint->keyfile);
    g_free(endpoint);
}

/* As libvirt itself gets there: the user's configuration finds the host and knows its key. */
MvmSshCall
mvm_endpoint_to_ssh(const MvmEndpoint *endpoint, MvmSshKind kind)
{
    return (MvmSshCall){.kind = kind,
                        .trust = endpoint->no_verify ? MVM_SSH_TRUST_ANY : MVM_SSH_TRUST_USER,
                        .host = endpoint->host,
                        .user = endpoint->user,
                        .port = (unsigned)endpoint->port,
                        .keyfile = endpoint->keyfile};
}
