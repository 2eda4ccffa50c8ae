/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/ssh.h"

#include "util/error.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/ssh-priv.h"
#include "util/words.h"

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

char *
mvm_ssh_key_file(const char *alias)
{
    g_autofree char *file = g_uri_escape_string(alias, "@", FALSE);
    g_autofree char *folder = mvm_path_user_data("known_hosts.d");

    return g_build_filename(folder, file, NULL);
}

bool
mvm_ssh_knows_host_key(const char *alias)
{
    g_autofree char *path = mvm_ssh_key_file(alias);
    struct stat st;

    return stat(path, &st) == 0 && st.st_size > 0;
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
    g_autofree char *path = mvm_ssh_key_file(alias);

    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot trust '%s': its host key has changed",
                who);
    mvm_error_set_hint(error,
                       "if macOS was installed again, remove '%s': the first "
                       "contact accepts the new key then",
                       path);
}

void
mvm_ssh_set_key_unknown(GError **error, const char *who)
{
    g_autofree char *word = mvm_word_quote(who);

    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot trust '%s': its host key is not known yet", who);
    mvm_error_set_hint(error, "'macvm ssh %s' accepts it at the first contact", word);
}

bool
mvm_ssh_forget_host_key(const char *alias, GError **error)
{
    g_autofree char *path = mvm_ssh_key_file(alias);

    return unlink(path) == 0 || errno == ENOENT || mvm_error_set_errno(error, "remove", path);
}
