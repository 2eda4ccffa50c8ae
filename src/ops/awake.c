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

static bool
not_running(const char *name, MvmState state, const char *verb, GError **error)
{
    g_autofree char *word = mvm_word_quote(name);

    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot %s '%s': it is not running (%s)",
                verb, name, mvm_state_name(state));
    mvm_error_set_hint(error, "'macvm up %s' starts it", word);
    return false;
}

bool
mvm_check_running(MvmDomain *domain, const char *verb, GError **error)
{
    MvmState state = MVM_STATE_UNKNOWN;

    if (!mvm_domain_get_state(domain, &state, NULL, error))
        return false;
    return mvm_state_is_active(state) ||
           not_running(mvm_domain_get_name(domain), state, verb, error);
}

bool
mvm_check_awake(MvmDomain *domain, const char *verb, GError **error)
{
    const char *name = mvm_domain_get_name(domain);
    MvmState state = MVM_STATE_UNKNOWN;
    g_autofree char *hint = NULL;

    if (!mvm_domain_get_state(domain, &state, NULL, error))
        return false;
    if (!mvm_state_is_active(state))
        return not_running(name, state, verb, error);
    if (state != MVM_STATE_PAUSED && state != MVM_STATE_SUSPENDED)
        return true;
    hint = mvm_wake_hint(name, state);
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot %s '%s': it is %s", verb, name,
                mvm_state_name(state));
    mvm_error_set_hint(error, "%s", hint);
    return false;
}
