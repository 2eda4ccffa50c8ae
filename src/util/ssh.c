/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/ssh.h"

#include "util/error.h"
#include "util/file.h"
#include "util/paths.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

const char *
mvm_ssh_program(void)
{
    const char *program = g_getenv("MACVM_SSH");

    return program != NULL && *program != '\0' ? program : "ssh";
}

/* ssh takes backslashes within quotes, and a percent sign begins a token. */
char *
mvm_ssh_quote(const char *text)
{
    GString *quoted = g_string_new("\"");

    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            g_string_append_c(quoted, '\\');
        if (*at == '%')
            g_string_append_c(quoted, '%');
        g_string_append_c(quoted, *at);
    }
    g_string_append_c(quoted, '"');
    return g_string_free(quoted, FALSE);
}

char *
mvm_ssh_alias(const char *uuid)
{
    return g_strdup_printf("macvm-%s", uuid);
}

/* The file of alias's host keys; the caller frees. */
static char *
key_file(const char *alias)
{
    g_autofree char *file = g_uri_escape_string(alias, "@", FALSE);
    g_autofree char *folder = mvm_path_user_data("known_hosts.d");

    return g_build_filename(folder, file, NULL);
}

static void
add_option(GPtrArray *argv, const char *name, const char *value)
{
    g_ptr_array_add(argv, g_strdup("-o"));
    g_ptr_array_add(argv, g_strconcat(name, "=", value, NULL));
}

/* accept-new would also do for later connections, but what is in the file need not be all of the
 * host's keys: yes refuses a key of another kind, too. */
bool
mvm_ssh_add_host_key(GPtrArray *argv, const char *alias, GError **error)
{
    g_autofree char *path = key_file(alias);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *quoted = mvm_ssh_quote(path);
    struct stat st;
    bool known = stat(path, &st) == 0 && st.st_size > 0;

    if (!mvm_file_make_dir(folder, error))
        return false;
    add_option(argv, "HostKeyAlias", alias);
    add_option(argv, "UserKnownHostsFile", quoted);
    add_option(argv, "GlobalKnownHostsFile", "/dev/null");
    add_option(argv, "UpdateHostKeys", "no");
    add_option(argv, "StrictHostKeyChecking", known ? "yes" : "accept-new");
    return true;
}

bool
mvm_ssh_is_host_key_refusal(const char *text)
{
    return strstr(text, "Host key verification failed") != NULL ||
           strstr(text, "REMOTE HOST IDENTIFICATION HAS CHANGED") != NULL;
}

void
mvm_ssh_set_key_changed(GError **error, const char *who, const char *alias)
{
    g_autofree char *path = key_file(alias);

    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot trust '%s': its host key has changed",
                who);
    mvm_error_set_hint(error,
                       "if the guest was installed anew, remove '%s' and try again: the "
                       "new key is accepted then",
                       path);
}

bool
mvm_ssh_forget_host_key(const char *alias, GError **error)
{
    g_autofree char *path = key_file(alias);

    return unlink(path) == 0 || errno == ENOENT || mvm_error_set_errno(error, "remove", path);
}
