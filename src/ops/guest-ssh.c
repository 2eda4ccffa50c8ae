/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/guest-ssh.h"

#include "ops/banner.h"
#include "ops/guest-address.h"
#include "util/command.h"
#include "util/error.h"
#include "util/ssh.h"

#include <string.h>

/* Logging in to the libvirt host takes several round trips before the guest is asked. */
#define REMOTE_EXTRA_MS 4000

static void
add(GPtrArray *argv, const char *arg)
{
    g_ptr_array_add(argv, g_strdup(arg));
}

static void
add_option(GPtrArray *argv, const char *name, const char *value)
{
    add(argv, "-o");
    g_ptr_array_add(argv, g_strdup_printf("%s=%s", name, value));
}

/* text with '%' doubled: ssh expands tokens in the values of some options. */
static char *
escape_tokens(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "%", -1);

    return g_strjoinv("%%", parts);
}

/* What ssh lets the user's shell exec to get to the guest's port: "ssh -W" to the libvirt host. Not
 * ProxyJump: that knows no key file, and takes a host called 127.0.0.1 for a loop. */
char *
mvm_guest_ssh_proxy(MvmDomain *domain, MvmGuestSshFlags flags)
{
    const MvmEndpoint *endpoint = mvm_connection_get_endpoint(mvm_domain_get_connection(domain));
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    GString *line = NULL;

    if (!endpoint->remote)
        return NULL;
    line = g_string_new(NULL);
    add(words, mvm_ssh_program());
    if ((flags & MVM_GUEST_SSH_BATCH) != 0)
        add_option(words, "BatchMode", "yes");
    add(words, "-W");
    add(words, "%h:%p");
    mvm_endpoint_add_ssh_args(endpoint, words);
    for (guint i = 0; i < words->len; i++) {
        g_autofree char *plain = strcmp(words->pdata[i], "%h:%p") == 0
                                     ? g_strdup("%h:%p")
                                     : escape_tokens(words->pdata[i]);
        g_autofree char *quoted = g_shell_quote(plain);

        g_string_append_printf(line, "%s%s", i > 0 ? " " : "", quoted);
    }
    return g_string_free(line, FALSE);
}

bool
mvm_guest_ssh_check(MvmDomain *domain, GError **error)
{
    const MvmEndpoint *endpoint = mvm_connection_get_endpoint(mvm_domain_get_connection(domain));

    if (!endpoint->remote || endpoint->over_ssh)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                "cannot reach '%s' by ssh: the connection '%s' does not go through ssh",
                mvm_domain_get_name(domain), endpoint->uri);
    mvm_error_set_hint(error, "use a URI of the form qemu+ssh://USER@HOST/system");
    return false;
}

static void
add_options(GPtrArray *argv, MvmDomain *domain, int port, const char *user, MvmGuestSshFlags flags)
{
    g_autofree char *proxy = mvm_guest_ssh_proxy(domain, flags);

    if ((flags & MVM_GUEST_SSH_BATCH) != 0) {
        add_option(argv, "BatchMode", "yes");
        add_option(argv, "ConnectTimeout", "5");
        add_option(argv, "ServerAliveInterval", "5");
    }
    if (proxy != NULL)
        add_option(argv, "ProxyCommand", proxy);
    add(argv, "-p");
    g_ptr_array_add(argv, g_strdup_printf("%d", port));
    if (user != NULL) {
        add(argv, "-l");
        add(argv, user);
    }
}

GPtrArray *
mvm_guest_ssh_argv(MvmDomain *domain, const MvmMetadata *metadata, MvmGuestSshFlags flags,
                   const char *const *command, GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *alias = mvm_ssh_alias(mvm_domain_get_uuid(domain));
    g_autoptr(MvmGuestAddress) address = NULL;

    if (!mvm_guest_ssh_check(domain, error) ||
        (address = mvm_guest_address_find(domain, metadata, error)) == NULL)
        return NULL;
    add(argv, mvm_ssh_program());
    if (!mvm_ssh_add_host_key(argv, alias, error))
        return NULL;
    add_options(argv, domain, address->port, metadata->ssh_user, flags);
    add(argv, "--");
    add(argv, address->host);
    for (; command != NULL && *command != NULL; command++)
        add(argv, *command);
    g_ptr_array_add(argv, NULL);
    return g_steal_pointer(&argv);
}

/* ssh checks the host key before it logs in, and the guest lets nobody in by "none". */
bool
mvm_guest_ssh_check_key(MvmDomain *domain, const MvmMetadata *metadata, GError **error)
{
    static const char *const nothing[] = {"true", NULL};
    g_autofree char *alias = mvm_ssh_alias(mvm_domain_get_uuid(domain));
    g_autoptr(GPtrArray) argv =
        mvm_guest_ssh_argv(domain, metadata, MVM_GUEST_SSH_BATCH, nothing, error);
    g_autofree char *output = NULL;
    g_autoptr(GError) cause = NULL;

    if (argv == NULL)
        return false;
    g_ptr_array_insert(argv, 1, g_strdup("-oPreferredAuthentications=none"));
    output = mvm_command_run((const char *const *)argv->pdata, &cause);
    if (output != NULL || !mvm_ssh_is_host_key_refusal(cause->message))
        return true;
    mvm_ssh_set_key_changed(error, mvm_domain_get_name(domain), alias);
    return false;
}

bool
mvm_guest_ssh_answers(MvmDomain *domain, const MvmMetadata *metadata, int timeout_ms)
{
    const MvmEndpoint *endpoint = mvm_connection_get_endpoint(mvm_domain_get_connection(domain));
    g_autoptr(MvmGuestAddress) address = NULL;
    g_autoptr(GPtrArray) argv = NULL;

    if (!mvm_guest_ssh_check(domain, NULL) ||
        (address = mvm_guest_address_find(domain, metadata, NULL)) == NULL)
        return false;
    if (!endpoint->remote)
        return mvm_banner_at(address->host, address->port, timeout_ms);
    argv = g_ptr_array_new_with_free_func(g_free);
    add(argv, mvm_ssh_program());
    add_option(argv, "BatchMode", "yes");
    add(argv, "-W");
    g_ptr_array_add(argv, g_strdup_printf("%s:%d", address->host, address->port));
    mvm_endpoint_add_ssh_args(endpoint, argv);
    g_ptr_array_add(argv, NULL);
    return mvm_banner_of_command((const char *const *)argv->pdata, timeout_ms + REMOTE_EXTRA_MS);
}
