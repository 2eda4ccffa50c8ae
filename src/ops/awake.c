/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/awake.h"

#include "util/error.h"
#include "util/words.h"

char *
mvm_wake_hint(const char *name, MvmState state)
{
    g_autofree char *word = mvm_word_quote(name);

    if (state == MVM_STATE_PAUSED)
        return g_strdup_printf("'virsh resume %s' lets it go on", word);
    return g_strdup_printf("'virsh dompmwakeup %s' wakes it", word);
}

bool
mvm_check_not_moved(const char *name, MvmState state, const char *reason, const char *verb,
                    GError **error)
{
    g_autofree char *word = mvm_word_quote(name);

    if (mvm_state_is_active(state) || !g_str_equal(reason, "migrated"))
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot %s '%s': it was migrated to another host and may run there", verb, name);
    mvm_error_set_hint(error,
                       "name that host with -c; if it does not run there any more, 'virsh start "
                       "%s' starts what is defined here",
                       word);
    return false;
}

static bool
not_running(const char *name, MvmState state, const char *reason, const char *verb, GError **error)
{
    g_autofree char *word = mvm_word_quote(name);

    if (!mvm_check_not_moved(name, state, reason, verb, error))
        return false;
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot %s '%s': it is not running (%s)",
                verb, name, mvm_state_name(state));
    mvm_error_set_hint(error, "'macvm up %s' starts it", word);
    return false;
}

bool
mvm_check_running(MvmDomain *domain, const char *verb, GError **error)
{
    MvmState state = MVM_STATE_UNKNOWN;
    const char *reason = NULL;

    if (!mvm_domain_get_state(domain, &state, &reason, error))
        return false;
    return mvm_state_is_active(state) ||
           not_running(mvm_domain_get_name(domain), state, reason, verb, error);
}

bool
mvm_check_awake(MvmDomain *domain, const char *verb, GError **error)
{
    const char *name = mvm_domain_get_name(domain);
    MvmState state = MVM_STATE_UNKNOWN;
    const char *reason = NULL;
    g_autofree char *hint = NULL;

    if (!mvm_domain_get_state(domain, &state, &reason, error))
        return false;
    if (!mvm_state_is_active(state))
        return not_running(name, state, reason, verb, error);
    if (state != MVM_STATE_PAUSED && state != MVM_STATE_SUSPENDED)
        return true;
    hint = mvm_wake_hint(name, state);
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot %s '%s': it is %s", verb, name,
                mvm_state_name(state));
    mvm_error_set_hint(error, "%s", hint);
    return false;
}
