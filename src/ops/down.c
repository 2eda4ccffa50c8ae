/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/awake.h"
#include "ops/guest-ssh.h"
#include "ops/power.h"
#include "ops/remote-command.h"
#include "util/error.h"
#include "util/interrupt.h"
#include "util/words.h"
#include "virt/watch.h"

#define SECOND G_USEC_PER_SEC

/* The look whether ssh answers, in microseconds: a guest without KVM on a busy host takes seconds
 * to start a server for a connection. */
#define PROBE_TIMEOUT (5 * SECOND)

/* After libvirt ended QEMU, its event takes no more than this. */
#define DESTROY_TIMEOUT (30 * SECOND)

/* What macOS's administrator may do without a password being asked; any failure of it means that
 * the power button is next. */
static const char *const shutdown_command[] = {"sudo", "-n", "shutdown", "-h", "now", NULL};

static bool
not_running(MvmDomain *domain, MvmState state, GError **error)
{
    const char *name = mvm_domain_get_name(domain);
    g_autofree char *word = mvm_word_quote(name);

    if (mvm_domain_is_saved(domain)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                    "cannot stop '%s': it is saved, not running", name);
        mvm_error_set_hint(error,
                           "'macvm up %s' goes on where it was saved; "
                           "'virsh managedsave-remove %s' forgets that state",
                           word, word);
        return false;
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot stop '%s': it is not running (%s)",
                name, mvm_state_name(state));
    return false;
}

/* A guest whose CPUs stand still hears neither ssh nor the power button. */
static bool
cannot_hear(MvmDomain *domain, MvmState state, GError **error)
{
    const char *name = mvm_domain_get_name(domain);
    g_autofree char *word = mvm_word_quote(name);
    g_autofree char *wake = mvm_wake_hint(name, state);

    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot stop '%s': it is %s", name,
                mvm_state_name(state));
    mvm_error_set_hint(error, "%s; 'macvm down --force %s' ends it as it is", wake, word);
    return false;
}

/* Waits until it is off, until is reached, or command (may be NULL) failed. */
static bool
wait_off(MvmWatch *watch, gint64 until, MvmRemoteCommand *command, GError **error)
{
    while (!mvm_watch_has_stopped(watch) && g_get_monotonic_time() < until) {
        if (!mvm_watch_step(watch, until, error))
            return false;
        if (command == NULL || mvm_remote_command_check(command) == MVM_COMMAND_RUNS)
            continue;
        mvm_watch_set_fd(watch, -1);
        if (mvm_remote_command_check(command) == MVM_COMMAND_FAILED)
            return true;
        command = NULL;
    }
    return true;
}

/* Why the power button is next. A guest that has no address yet is the usual case without ssh. */
static void
note_button(const MvmContext *context, const GError *cause)
{
    if (!g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND))
        mvm_progress_note(context->progress, "%s; the power button has to do", cause->message);
}

/* The command that asks the guest; NULL when ssh does not answer, or when it may not be trusted
 * with that, which is reported. */
static GPtrArray *
make_command(const MvmContext *context, MvmDomain *domain, gint64 patience)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(MvmMetadata) metadata = mvm_domain_get_metadata(domain, &cause);
    g_autoptr(MvmGuestAddress) address =
        metadata != NULL ? mvm_guest_address_find(domain, metadata, &cause) : NULL;
    GPtrArray *argv = NULL;

    if (address != NULL && !mvm_guest_ssh_answers(domain, address, (int)(patience / 1000)))
        return NULL;
    if (address != NULL)
        argv = mvm_guest_ssh_argv(domain, metadata, MVM_GUEST_SSH_ACT, shutdown_command, &cause);
    if (argv == NULL)
        note_button(context, cause);
    return argv;
}

static void
note_refusal(const MvmContext *context, MvmDomain *domain, const MvmRemoteCommand *command)
{
    g_autofree char *alias = mvm_ssh_alias(mvm_domain_get_uuid(domain));
    g_autoptr(GError) cause = NULL;

    if (!mvm_ssh_is_host_key_refusal(mvm_remote_command_get_output(command)))
        return;
    mvm_ssh_set_key_changed(&cause, mvm_domain_get_name(domain), alias);
    note_button(context, cause);
}

/* *asked is set once the guest is told. */
static bool
try_ssh(const MvmContext *context, MvmDomain *domain, MvmWatch *watch, gint64 until, bool *asked,
        GError **error)
{
    gint64 patience = MIN(PROBE_TIMEOUT, until - g_get_monotonic_time());
    g_autoptr(GPtrArray) argv = make_command(context, domain, patience);
    g_autoptr(MvmRemoteCommand) command = NULL;
    bool ok = false;

    if (argv == NULL || mvm_interrupted())
        return true;
    command = mvm_remote_command_start((const char *const *)argv->pdata);
    if (command == NULL)
        return true;
    *asked = true;
    mvm_progress_note(context->progress, "asking '%s' by ssh to shut down",
                      mvm_domain_get_name(domain));
    mvm_watch_set_fd(watch, mvm_remote_command_get_fd(command));
    ok = wait_off(watch, until, command, error);
    mvm_watch_set_fd(watch, -1);
    note_refusal(context, domain, command);
    return ok;
}

static bool
try_power_button(const MvmContext *context, MvmDomain *domain, MvmWatch *watch, gint64 until,
                 bool *asked, GError **error)
{
    bool pressed = false;

    while (!mvm_watch_has_stopped(watch) && g_get_monotonic_time() < until) {
        /* At Ctrl-C it is not pressed any more: the step below tells. */
        if (!pressed && !mvm_interrupted() && mvm_watch_is_connected(watch)) {
            /* What libvirt says no to is seen by the machine not stopping; only a broken
             * connection deserves another try. */
            pressed = mvm_domain_press_power(domain, NULL) || !mvm_watch_is_lost(watch);
            *asked = *asked || pressed;
            if (pressed)
                mvm_progress_note(context->progress, "pressed the power button of '%s'",
                                  mvm_domain_get_name(domain));
        }
        if (!mvm_watch_step(watch, until, error))
            return false;
    }
    return true;
}

static bool
destroy(const MvmContext *context, MvmDomain *domain, MvmWatch *watch, GError **error)
{
    g_autoptr(GError) cause = NULL;

    mvm_progress_note(context->progress, "ending '%s' by force", mvm_domain_get_name(domain));
    /* It may have stopped by itself in this moment. */
    if (!mvm_domain_destroy(domain, &cause) &&
        !g_error_matches(cause, MVM_ERROR, MVM_ERROR_CONFLICT)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    return wait_off(watch, g_get_monotonic_time() + DESTROY_TIMEOUT, NULL, error);
}

static bool
too_late(MvmDomain *domain, const MvmDownOptions *options, GError **error)
{
    const char *name = mvm_domain_get_name(domain);
    g_autofree char *word = mvm_word_quote(name);
    g_autofree char *time = mvm_word_count(options->timeout, "second");

    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot stop '%s': it did not shut down within %s", name, time);
    mvm_error_set_hint(error,
                       "'macvm view %s' shows what it is waiting for; "
                       "'macvm down --force %s' ends it, as pulling the plug does",
                       word, word);
    return false;
}

static bool
ask_and_wait(const MvmContext *context, MvmDomain *domain, MvmWatch *watch,
             const MvmDownOptions *options, bool *asked, GError **error)
{
    gint64 begin = g_get_monotonic_time();
    gint64 until = begin + (gint64)options->timeout * SECOND;

    return try_ssh(context, domain, watch, begin + (until - begin) / 3, asked, error) &&
           try_power_button(context, domain, watch, until, asked, error);
}

static void
hint_to_go_on(const char *name, MvmWatch *watch, GError **error)
{
    g_autofree char *word = mvm_word_quote(name);

    mvm_error_set_hint(error,
                       "'%s' was asked to shut down and was %s then; 'macvm down %s' goes on "
                       "waiting",
                       name, mvm_state_name(mvm_watch_get_state(watch, NULL)), word);
}

bool
mvm_machine_down(const MvmContext *context, const char *name, const MvmDownOptions *options,
                 GError **error)
{
    g_autoptr(MvmDomain) domain = mvm_domain_open(context->conn, name, error);
    g_autoptr(MvmWatch) watch = domain == NULL ? NULL : mvm_watch_new(domain, error);
    MvmState state = MVM_STATE_UNKNOWN;
    const char *reason = NULL;
    bool hears = false, asked = false;

    if (watch == NULL)
        return false;
    state = mvm_watch_get_state(watch, &reason);
    hears = state != MVM_STATE_PAUSED && state != MVM_STATE_SUSPENDED;
    if (!mvm_state_is_active(state))
        return mvm_check_not_moved(name, state, reason, "stop", error) &&
               not_running(domain, state, error);
    if (!hears && !options->force)
        return cannot_hear(domain, state, error);
    if (hears && !ask_and_wait(context, domain, watch, options, &asked, error)) {
        if (asked && g_error_matches(error != NULL ? *error : NULL, MVM_ERROR, MVM_ERROR_CANCELLED))
            hint_to_go_on(name, watch, error);
        return false;
    }
    if (!mvm_watch_has_stopped(watch) && options->force && !destroy(context, domain, watch, error))
        return false;
    return mvm_watch_has_stopped(watch) || too_late(domain, options, error);
}

static bool
check_restart(const MvmContext *context, const char *name, GError **error)
{
    g_autoptr(MvmDomain) domain = mvm_domain_open(context->conn, name, error);

    return domain != NULL && mvm_check_running(domain, "restart", error);
}

bool
mvm_machine_restart(const MvmContext *context, const char *name, const MvmDownOptions *options,
                    int wait_ssh, GError **error)
{
    return check_restart(context, name, error) && mvm_machine_down(context, name, options, error) &&
           mvm_machine_up(context, name, wait_ssh, error);
}
