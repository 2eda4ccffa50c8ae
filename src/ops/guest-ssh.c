/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/guest-ssh.h"

#include "ops/banner.h"
#include "util/command.h"
#include "util/error.h"

#include <string.h>

/* Logging in to the libvirt host takes several round trips before the guest is asked. */
#define REMOTE_EXTRA_MS 4000

/* To learn a host key, in seconds: a guest without KVM on a busy host takes long to begin. */
#define MEET_SECONDS 60
#define MEET_TIMEOUT "-oConnectTimeout=" G_STRINGIFY(MEET_SECONDS)

static const MvmEndpoint *
endpoint_of(MvmDomain *domain)
{
    return mvm_connection_get_endpoint(mvm_domain_get_connection(domain));
}

bool
mvm_guest_ssh_check(MvmDomain *domain, GError **error)
{
    const MvmEndpoint *endpoint = endpoint_of(domain);

    if (!endpoint->remote || endpoint->over_ssh)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                "cannot reach '%s' by ssh: the connection '%s' does not go through ssh",
                mvm_domain_get_name(domain), endpoint->uri);
    mvm_error_set_hint(error, "use a URI of the form qemu+ssh://USER@HOST/system");
    return false;
}

bool
mvm_guest_ssh_proxy(MvmDomain *domain, const MvmGuestAddress *address, MvmSshKind kind,
                    char **ret_proxy, GError **error)
{
    const MvmEndpoint *endpoint = endpoint_of(domain);
    MvmSshCall call = {0};

    *ret_proxy = NULL;
    if (!endpoint->remote)
        return true;
    call = mvm_endpoint_to_ssh(endpoint, kind == MVM_SSH_LOGIN ? MVM_SSH_ASKING : kind);
    *ret_proxy = mvm_ssh_to_proxy(&call, address->host, address->port, error);
    return *ret_proxy != NULL;
}

/* call says all but who and where the guest is. */
static GPtrArray *
make_argv(MvmDomain *domain, const MvmMetadata *metadata, MvmSshCall call,
          const char *const *command, GError **error)
{
    g_autofree char *alias = mvm_ssh_alias(mvm_domain_get_uuid(domain));
    g_autoptr(MvmGuestAddress) address = NULL;
    g_autofree char *proxy = NULL;

    if (!mvm_guest_ssh_check(domain, error) ||
        (address = mvm_guest_address_find(domain, metadata, error)) == NULL ||
        !mvm_guest_ssh_proxy(domain, address, call.kind, &proxy, error))
        return NULL;
    if (call.trust == MVM_SSH_TRUST_KNOWN && !mvm_ssh_knows_host_key(alias)) {
        mvm_ssh_set_key_unknown(error, mvm_domain_get_name(domain));
        return NULL;
    }
    call.alias = alias;
    call.host = address->host;
    call.port = address->port;
    call.literal = true;
    call.user = metadata->ssh_user;
    call.proxy = proxy;
    return mvm_ssh_argv(&call, command, error);
}

GPtrArray *
mvm_guest_ssh_argv(MvmDomain *domain, const MvmMetadata *metadata, MvmGuestSshUse use,
                   const char *const *command, GError **error)
{
    bool acts = use == MVM_GUEST_SSH_ACT;
    MvmSshCall call = {.kind = acts ? MVM_SSH_BATCH : MVM_SSH_LOGIN,
                       .trust = acts ? MVM_SSH_TRUST_KNOWN : MVM_SSH_TRUST_FIRST,
                       .agent = use == MVM_GUEST_SSH_LOGIN_AGENT};

    return make_argv(domain, metadata, call, command, error);
}

/* ssh checks the host key before it logs in, and the guest lets nobody in by "none". One that does
 * is asked for nothing. */
bool
mvm_guest_ssh_meet(MvmDomain *domain, const MvmMetadata *metadata, GError **error)
{
    static const char *const nothing[] = {"true", NULL};
    const MvmSshCall call = {.kind = MVM_SSH_BATCH, .trust = MVM_SSH_TRUST_FIRST};
    g_autofree char *alias = mvm_ssh_alias(mvm_domain_get_uuid(domain));
    g_autoptr(GPtrArray) argv = make_argv(domain, metadata, call, nothing, error);
    g_autofree char *output = NULL;
    g_autoptr(GError) cause = NULL;

    if (argv == NULL)
        return false;
    g_ptr_array_insert(argv, 1, g_strdup("-oPreferredAuthentications=none"));
    g_ptr_array_insert(argv, 1, g_strdup(MEET_TIMEOUT)); /* ssh takes the first value */
    output = mvm_command_run_within((const char *const *)argv->pdata, MEET_SECONDS, &cause);
    if (output != NULL || !mvm_ssh_is_host_key_refusal(cause->message))
        return true;
    mvm_ssh_set_key_changed(error, mvm_domain_get_name(domain), alias);
    return false;
}

bool
mvm_guest_ssh_answers(MvmDomain *domain, const MvmGuestAddress *address, int timeout_ms)
{
    const MvmEndpoint *endpoint = endpoint_of(domain);
    g_autofree char *tunnel = mvm_ssh_join(address->host, address->port);
    g_autoptr(GPtrArray) argv = NULL;
    MvmSshCall call = {0};

    if (!mvm_guest_ssh_check(domain, NULL))
        return false;
    if (!endpoint->remote)
        return mvm_banner_at(address->host, (int)address->port, timeout_ms);
    call = mvm_endpoint_to_ssh(endpoint, MVM_SSH_BATCH);
    call.tunnel = tunnel;
    argv = mvm_ssh_argv(&call, NULL, NULL);
    return argv != NULL &&
           mvm_banner_of_command((const char *const *)argv->pdata, timeout_ms + REMOTE_EXTRA_MS);
}
