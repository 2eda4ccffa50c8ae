/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/git.h"

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

bool
mvm_git_set_error(GError **error, const char *verb, const char *object)
{
    const git_error *last = git_error_last();

    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot %s '%s': %s", verb, object,
                last != NULL ? last->message : "unknown error of libgit2");
    return false;
}
