/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/git.h"

#include "util/words.h"

#include <errno.h>
#include <string.h>

bool
mvm_git_init(GError **error)
{
    static gsize started;

    /* libgit2 counts its users; one count, never given back, keeps it for the process. */
    if (g_once_init_enter(&started))
        g_once_init_leave(&started, git_libgit2_init() > 0 ? 1 : 2);
    if (started == 1)
        return true;
    g_set_error_literal(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot start 'libgit2'");
    return false;
}

/* libgit2 ends its messages with what errno says. */
static const char *
hint_of(const char *message)
{
    static const int numbers[] = {ENOSPC, EDQUOT, EROFS, EACCES, EPERM, ENAMETOOLONG};

    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (g_str_has_suffix(message, g_strerror(numbers[i])))
            return mvm_errno_hint(numbers[i]);
    }
    return NULL;
}

/* What is meant by "config value 'safe.directory' was not found" as well. */
static bool
is_about_owner(const char *message)
{
    return strstr(message, "safe.directory") != NULL ||
           strstr(message, "not owned by current user") != NULL;
}

static bool
set_owner_error(GError **error, const char *verb, const char *object)
{
    /* git compares directories: a URL is none. */
    g_autofree char *path = g_filename_from_uri(object, NULL, NULL);
    g_autofree char *word = mvm_word_quote(path != NULL ? path : object);

    g_set_error(error, MVM_ERROR, MVM_ERROR_HOST, "cannot %s '%s': it belongs to another user",
                verb, object);
    mvm_error_set_hint(error, "if you trust that user: git config --global --add safe.directory %s",
                       word);
    return false;
}

bool
mvm_git_set_error(GError **error, const char *verb, const char *object)
{
    int saved = errno;
    const git_error *last = git_error_last();
    const char *hint = NULL;

    if (last != NULL && is_about_owner(last->message))
        return set_owner_error(error, verb, object);
    /* Some failures it does not tell, as that of writing an index on a full disk. */
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot %s '%s': %s", verb, object,
                last != NULL ? last->message
                : saved != 0 ? g_strerror(saved)
                             : "unknown error of libgit2");
    hint = last != NULL ? hint_of(last->message) : mvm_errno_hint(saved);
    if (hint != NULL)
        mvm_error_set_hint(error, "%s", hint);
    return false;
}
