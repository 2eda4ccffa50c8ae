/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ssh's command line. tests/unit/test-ssh.c asks ssh itself what becomes of each option. */
#include "util/error.h"
#include "util/file.h"
#include "util/ssh-priv.h"
#include "util/ssh.h"

#include <string.h>

/* For every connection. ClearAllForwardings ends what LocalForward, RemoteForward and
 * DynamicForward of the configuration add to each other, and Tunnel. A master of the user's own is
 * never used: it may lead elsewhere, and checks no host key. */
static const char *const always[] = {
    "ClearAllForwardings=yes",    "ForwardX11=no",      "ForwardX11Trusted=no",
    "PermitLocalCommand=no",      "RemoteCommand=none", "StdinNull=no",
    "ForkAfterAuthentication=no", "ControlPersist=no",
};

/* Where macvm itself reads and writes: what arrives is the bytes that were sent, and messages are
 * those that it knows. SetEnv: the first one replaces all others; servers ignore this one. */
static const char *const unattended[] = {
    "EscapeChar=none", "Compression=no", "LogLevel=ERROR", "VisualHostKey=no", "SetEnv=MACVM=1",
};

static const char *const batch[] = {
    "BatchMode=yes",          "ConnectTimeout=5",      "ConnectionAttempts=1",
    "ServerAliveInterval=10", "ServerAliveCountMax=3",
};

/* An address means itself. */
static const char *const literal[] = {"AddressFamily=any", "CanonicalizeHostname=no"};

/* The file of the alias decides alone. */
static const char *const own_keys[] = {
    "GlobalKnownHostsFile=/dev/null",
    "KnownHostsCommand=none",
    "VerifyHostKeyDNS=no",
    "NoHostAuthenticationForLocalhost=no",
    "CheckHostIP=no",
    "HashKnownHosts=no",
    "UpdateHostKeys=no",
};

static void
add(GPtrArray *argv, const char *arg)
{
    g_ptr_array_add(argv, g_strdup(arg));
}

static void
add_option(GPtrArray *argv, const char *name, const char *value)
{
    add(argv, "-o");
    g_ptr_array_add(argv, g_strconcat(name, "=", value, NULL));
}

static void
add_all(GPtrArray *argv, const char *const *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add(argv, "-o");
        add(argv, options[i]);
    }
}

/* ssh expands tokens in the values of some options. */
static char *
escape_tokens(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "%", -1);

    return g_strjoinv("%%", parts);
}

/* ssh's own rules for names (ssh.c: valid_hostname(), valid_ruser()), also for one that is older
 * than they are. */
static bool
check_name(const char *name, const char *bad, GError **error)
{
    const char *cause = *name == '\0' ? "a name is missing" : "a name begins with '-'";

    if (*name != '\0' && *name != '-') {
        const char *at = name;

        while (*at != '\0' && !g_ascii_iscntrl(*at) && *at != ' ' && strchr(bad, *at) == NULL)
            at++;
        if (*at == '\0')
            return true;
        cause = "it has a character that a name cannot have";
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot use '%s' as ssh destination: %s", name,
                cause);
    return false;
}

static void
add_share(GPtrArray *argv, const MvmSshCall *call)
{
    g_autofree char *quoted = call->control != NULL ? mvm_ssh_quote(call->control) : NULL;

    add_option(argv, "ControlMaster", call->master && quoted != NULL ? "yes" : "no");
    add_option(argv, "ControlPath", quoted != NULL ? quoted : "none");
}

static void
add_way(GPtrArray *argv, const MvmSshCall *call)
{
    g_autofree char *host = call->literal ? escape_tokens(call->host) : NULL;

    if (call->literal) {
        add_option(argv, "HostName", host);
        add_all(argv, literal, G_N_ELEMENTS(literal));
    }
    if (call->literal || call->proxy != NULL) {
        add_option(argv, "ProxyCommand", call->proxy != NULL ? call->proxy : "none");
        add_option(argv, "ProxyUseFdpass", "no");
    }
}

/* accept-new would also do once a key is known, but what is in the file need not be all of the
 * host's keys: yes refuses a key of another kind, too. */
static bool
add_trust(GPtrArray *argv, const MvmSshCall *call, GError **error)
{
    bool first = call->trust == MVM_SSH_TRUST_FIRST && !mvm_ssh_knows_host_key(call->alias);
    g_autofree char *path = NULL, *folder = NULL, *quoted = NULL;

    if (call->trust == MVM_SSH_TRUST_ANY)
        add_option(argv, "StrictHostKeyChecking", "no");
    if (call->trust == MVM_SSH_TRUST_ANY || call->trust == MVM_SSH_TRUST_USER)
        return true;
    path = mvm_ssh_key_file(call->alias);
    folder = g_path_get_dirname(path);
    quoted = mvm_ssh_quote(path);
    if (!mvm_file_make_dir(folder, error))
        return false;
    add_option(argv, "HostKeyAlias", call->alias);
    add_option(argv, "UserKnownHostsFile", quoted);
    add_all(argv, own_keys, G_N_ELEMENTS(own_keys));
    add_option(argv, "StrictHostKeyChecking", first ? "accept-new" : "yes");
    return true;
}

static void
add_destination(GPtrArray *argv, const MvmSshCall *call)
{
    if (call->port > 0) {
        add(argv, "-p");
        g_ptr_array_add(argv, g_strdup_printf("%u", call->port));
    }
    if (call->user != NULL) {
        add(argv, "-l");
        add(argv, call->user);
    }
    if (call->keyfile != NULL) {
        add(argv, "-i");
        add(argv, call->keyfile);
    }
    add(argv, "--");
    add(argv, call->host);
}

GPtrArray *
mvm_ssh_argv(const MvmSshCall *call, const char *const *command, GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);

    if (!check_name(call->host, "'\"`$\\;&<>|(){}", error) ||
        (call->user != NULL && !check_name(call->user, "'\"`;&<>|(){}", error)))
        return NULL;
    add(argv, mvm_ssh_program());
    /* No tickets of Kerberos are handed over: an ssh without it knows the switch, but complains of
     * the option. */
    add(argv, "-k");
    add_all(argv, always, G_N_ELEMENTS(always));
    add_option(argv, "ForwardAgent", call->agent ? "yes" : "no");
    if (call->kind != MVM_SSH_LOGIN)
        add_all(argv, unattended, G_N_ELEMENTS(unattended));
    if (call->kind == MVM_SSH_BATCH)
        add_all(argv, batch, G_N_ELEMENTS(batch));
    if (call->tunnel == NULL)
        add_option(argv, "SessionType", "default");
    if (call->tunnel == NULL && call->kind != MVM_SSH_LOGIN)
        add_option(argv, "RequestTTY", "no");
    add_share(argv, call);
    add_way(argv, call);
    if (!add_trust(argv, call, error))
        return NULL;
    if (call->tunnel != NULL) {
        add(argv, "-W");
        add(argv, call->tunnel);
    }
    add_destination(argv, call);
    for (; command != NULL && *command != NULL; command++)
        add(argv, *command);
    g_ptr_array_add(argv, NULL);
    return g_steal_pointer(&argv);
}

/* Not ProxyJump: that has no options of its own, knows no key file, and takes a host that is called
 * 127.0.0.1 for a loop. The user's shell runs it. */
char *
mvm_ssh_to_proxy(const MvmSshCall *call, const char *host, unsigned port, GError **error)
{
    g_autofree char *tunnel = mvm_ssh_join(host, port);
    MvmSshCall through = *call;
    g_autoptr(GPtrArray) words = NULL;
    g_autoptr(GString) line = g_string_new(NULL);

    through.tunnel = tunnel;
    words = mvm_ssh_argv(&through, NULL, error);
    if (words == NULL)
        return NULL;
    for (guint i = 0; words->pdata[i] != NULL; i++) {
        g_autofree char *plain = escape_tokens(words->pdata[i]);
        g_autofree char *quoted = g_shell_quote(plain);

        g_string_append_printf(line, "%s%s", i > 0 ? " " : "", quoted);
    }
    return g_string_free(g_steal_pointer(&line), FALSE);
}

char *
mvm_ssh_join(const char *host, unsigned port)
{
    return g_strdup_printf(strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, port);
}
