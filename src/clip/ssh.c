/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/ssh.h"

#include "util/error.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/size.h"
#include "util/ssh.h"

#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static bool
reject(const char *text, const char *cause, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot use '%s' as ssh destination: %s", text,
                cause);
    mvm_error_set_hint(error, "it is written [USER@]HOST[:PORT]");
    return false;
}

/* Nothing that ssh, or a ProxyCommand's shell, could take for an option or a command. */
static bool
check_name(const char *name, const char *also, GError **error)
{
    if (*name == '\0' || *name == '-')
        return reject(name, "a name is missing or begins with '-'", error);
    for (const char *at = name; *at != '\0'; at++) {
        if (!g_ascii_isalnum(*at) && strchr(also, *at) == NULL && (*at & 0x80) == 0)
            return reject(name, "it has a character that a name cannot have", error);
    }
    return true;
}

MvmSshTarget *
mvm_ssh_target_new(const char *user, const char *host, unsigned port, const char *alias,
                   GError **error)
{
    MvmSshTarget *target = NULL;

    if (!check_name(host, "._-:%[]", error) ||
        (user != NULL && !check_name(user, "._-+@\\", error)))
        return NULL;
    target = g_new0(MvmSshTarget, 1);
    target->user = g_strdup(user);
    target->host = g_strdup(host);
    target->port = port;
    if (alias != NULL) {
        target->alias = g_strdup(alias);
    } else {
        g_autofree char *text = mvm_ssh_target_format(target);

        target->alias = g_uri_escape_string(text, "@", FALSE);
    }
    return target;
}

void
mvm_ssh_target_free(MvmSshTarget *target)
{
    if (target == NULL)
        return;
    g_free(target->user);
    g_free(target->host);
    g_free(target->alias);
    g_free(target->name);
    g_free(target->proxy);
    g_free(target);
}

/* Cuts ":PORT" off host. More than one colon is an IPv6 address without a port. */
static bool
split_port(char *host, unsigned *ret_port, GError **error)
{
    char *colon = strrchr(host, ':');
    int64_t port = 0;

    *ret_port = 0;
    if (colon == NULL || (strchr(host, ':') != colon && colon[-1] != ']'))
        return true;
    if (!mvm_number_parse("port", colon + 1, 1, 65535, &port, error))
        return false;
    *colon = '\0';
    *ret_port = (unsigned)port;
    return true;
}

MvmSshTarget *
mvm_ssh_target_parse(const char *text, GError **error)
{
    const char *at = strrchr(text, '@');
    g_autofree char *user = at != NULL ? g_strndup(text, (size_t)(at - text)) : NULL;
    g_autofree char *host = g_strdup(at != NULL ? at + 1 : text);
    size_t len = 0;
    unsigned port = 0;

    if (!split_port(host, &port, error))
        return NULL;
    len = strlen(host);
    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = '\0';
        return mvm_ssh_target_new(user, host + 1, port, NULL, error);
    }
    return mvm_ssh_target_new(user, host, port, NULL, error);
}

char *
mvm_ssh_target_format(const MvmSshTarget *target)
{
    g_autoptr(GString) text = g_string_new(NULL);
    bool is_ipv6 = strchr(target->host, ':') != NULL && target->port != 0;

    if (target->user != NULL)
        g_string_append_printf(text, "%s@", target->user);
    g_string_append_printf(text, is_ipv6 ? "[%s]" : "%s", target->host);
    if (target->port != 0)
        g_string_append_printf(text, ":%u", target->port);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* The socket that riders find the master by; its folder is made. NULL when there can be none: ssh
 * appends 17 characters to the path while it makes it. */
static char *
control_path(const MvmSshTarget *target)
{
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, target->alias, -1);
    g_autofree char *name = g_strdup_printf("ssh-%.16s", hash);
    g_autofree char *path = mvm_path_runtime(name);
    g_autofree char *folder = g_path_get_dirname(path);

    if (!mvm_file_make_dir(folder, NULL) ||
        strlen(path) + 17 >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return NULL;
    return g_steal_pointer(&path);
}

char **
mvm_ssh_target_to_argv(const MvmSshTarget *target, MvmSshShare share, const char *command,
                       GError **error)
{
    const char *const words[] = {command, NULL};
    g_autofree char *path = share == MVM_SSH_ALONE ? NULL : control_path(target);
    MvmSshCall call = {.kind = MVM_SSH_BATCH,
                       .trust = target->known ? MVM_SSH_TRUST_KNOWN : MVM_SSH_TRUST_FIRST,
                       .alias = target->alias,
                       .host = target->host,
                       .user = target->user,
                       .port = target->port,
                       .literal = target->known,
                       .proxy = target->proxy,
                       .control = path,
                       .master = share == MVM_SSH_MASTER};
    g_autoptr(GPtrArray) argv = NULL;

    /* What a killed master leaves there would keep the next one from listening. */
    if (call.master && path != NULL)
        (void)unlink(path);
    argv = mvm_ssh_argv(&call, words, error);
    return argv != NULL ? (char **)g_ptr_array_free(g_steal_pointer(&argv), FALSE) : NULL;
}
