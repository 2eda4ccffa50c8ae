/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/awake.h"
#include "ops/finish.h"
#include "ops/guest-ssh.h"
#include "ops/hostprobe.h"
#include "ops/machine.h"
#include "ops/port.h"
#include "ops/power.h"
#include "ops/screen.h"
#include "util/error.h"
#include "util/words.h"
#include "virt/claim.h"
#include "virt/watch.h"

#define SECOND G_USEC_PER_SEC

/* A daemon that went away in the midst of a start has this long to come back. */
#define DAEMON_TIMEOUT (60 * SECOND)
#define START_ATTEMPTS 3

/* One look whether ssh answers, in milliseconds, and the pause between two, in microseconds: that a
 * guest begins to listen is the one thing that nobody tells. */
#define PROBE_TIMEOUT_MS 2000
/* A wait that is shorter shows nothing. */
#define QUIET_SECONDS 2
#define PROBE_PAUSE (SECOND / 4)

static bool
check_off(MvmDomain *domain, GError **error)
{
    const char *name = mvm_domain_get_name(domain);
    g_autofree char *word = mvm_word_quote(name);
    g_autofree char *hint = NULL;
    MvmState state = MVM_STATE_UNKNOWN;
    const char *reason = NULL;

    if (mvm_machine_check_off(domain, "start", &state, error))
        return mvm_domain_get_state(domain, &state, &reason, error) &&
               mvm_check_not_moved(name, state, reason, "start", error);
    if (state == MVM_STATE_UNKNOWN)
        return false;
    hint = state == MVM_STATE_PAUSED || state == MVM_STATE_SUSPENDED
               ? mvm_wake_hint(name, state)
               : g_strdup_printf("'macvm status %s' tells more", word);
    mvm_error_set_hint(error, "%s", hint);
    return false;
}

/* After a connection that broke during the start: back to a connection. */
static bool
wait_for_daemon(MvmWatch *watch, const GError *cause, GError **error)
{
    gint64 until = g_get_monotonic_time() + DAEMON_TIMEOUT;

    do {
        if (!mvm_watch_step(watch, until, error))
            return false;
    } while (!mvm_watch_is_connected(watch) && g_get_monotonic_time() < until);
    if (mvm_watch_is_connected(watch))
        return true;
    if (error != NULL)
        *error = g_error_copy(cause);
    return false;
}

/* libvirt's table of hints knows no machine. */
static void
name_machine(MvmDomain *domain, GError **cause)
{
    const char *hint = mvm_error_get_hint(*cause);
    g_auto(GStrv) parts = hint != NULL ? g_strsplit(hint, " NAME ", 2) : NULL;
    g_autofree char *word = mvm_word_quote(mvm_domain_get_name(domain));

    if (hint != NULL && g_strv_length(parts) == 2)
        mvm_error_set_hint(cause, "%s %s %s", parts[0], word, parts[1]);
}

/* A start that the daemon did not live to finish may have succeeded or not: look, then go on. */
static bool
start(const MvmContext *context, MvmDomain *domain, MvmWatch *watch, bool reset_nvram,
      GError **error)
{
    for (int attempt = 1;; attempt++) {
        g_autoptr(GError) cause = NULL;

        if (mvm_domain_start(domain, reset_nvram, &cause))
            return true;
        name_machine(domain, &cause);
        /* What was found out of the host holds no longer. */
        if (g_error_matches(cause, MVM_ERROR, MVM_ERROR_HOST) && !mvm_watch_is_lost(watch))
            mvm_hostprobe_forget(context->conn);
        if (!mvm_watch_is_lost(watch) || attempt == START_ATTEMPTS) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return false;
        }
        if (!wait_for_daemon(watch, cause, error))
            return false;
        if (mvm_state_is_active(mvm_watch_get_state(watch, NULL)))
            return true;
    }
}

/* Whether new NVRAM was asked for ('macvm set --reset-nvram'): macOS that is restored from a saved
 * state would find other variables than it left. */
static bool
wants_new_nvram(const MvmContext *context, MvmDomain *domain, bool saved)
{
    g_autoptr(MvmMetadata) metadata = mvm_domain_get_metadata(domain, NULL);
    bool wanted = metadata != NULL && metadata->reset_nvram;

    if (wanted)
        mvm_progress_note(context->progress,
                          saved
                              ? "the NVRAM of '%s' is not reset by this start, which goes on from "
                                "a saved state; by the next one"
                              : "the NVRAM of '%s' is reset",
                          mvm_domain_get_name(domain));
    return wanted && !saved;
}

/* Two machines that write to one NVRAM file spoil it for each other, and QEMU lets them. */
static bool
check_nvram(const MvmContext *context, MvmDomain *domain, bool reset, GError **error)
{
    const char *name = mvm_domain_get_name(domain);
    const MvmClaimScope scope = {.except = name, .running_only = !reset, .fd = -1};
    g_autofree char *path = mvm_domain_get_nvram(domain, error);
    g_autofree char *word = mvm_word_quote(name);
    g_auto(MvmClaim) claim = {0};

    if (path == NULL)
        return false;
    if (*path == '\0')
        return true;
    if (!mvm_claim_find(context->conn, path, &scope, &claim, error))
        return false;
    if (claim.kind == MVM_CLAIM_AWAY && !reset)
        return true; /* it may have been shut down there */
    if (mvm_claim_check(&claim, reset ? "reset" : "start with", "NVRAM", path, error))
        return true;
    if (claim.kind != MVM_CLAIM_AWAY)
        mvm_error_set_hint(error, "'macvm set %s --reset-nvram' gives '%s' a file of its own", word,
                           name);
    return false;
}

/* After the start: whatever interrupts between the two, it is not forgotten. */
static bool
forget_reset(MvmDomain *domain, GError **error)
{
    g_autoptr(MvmMetadata) metadata = mvm_domain_get_metadata(domain, error);

    if (metadata == NULL)
        return false;
    metadata->reset_nvram = false;
    return mvm_domain_set_metadata(domain, metadata, false, error);
}

static bool
stopped_early(MvmDomain *domain, const char *reason, GError **error)
{
    const char *name = mvm_domain_get_name(domain);
    g_autofree char *word = mvm_word_quote(name);

    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot wait for ssh of '%s': the machine stopped (%s)", name, reason);
    mvm_error_set_hint(error, "'macvm log %s' shows what QEMU said", word);
    return false;
}

static bool
no_answer(MvmDomain *domain, int seconds, GError **error)
{
    const char *name = mvm_domain_get_name(domain);
    g_autofree char *word = mvm_word_quote(name);
    g_autofree char *time = mvm_word_count(seconds, "second");

    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot wait for ssh of '%s': no answer within %s", name, time);
    mvm_error_set_hint(error,
                       "it runs on; in macOS, ssh is switched on under Sharing, 'Remote Login'; "
                       "'macvm view %s' shows its screen",
                       word);
    return false;
}

/* A guest on a network has no address at first. */
static bool
answers(MvmDomain *domain, const MvmMetadata *metadata, int timeout_ms)
{
    g_autoptr(MvmGuestAddress) address = mvm_guest_address_find(domain, metadata, NULL);

    return address != NULL && mvm_guest_ssh_answers(domain, address, timeout_ms);
}

/* Shows that it goes on. */
static bool
show_waiting(const MvmContext *context, gint64 started, int seconds, GError **error)
{
    gint64 elapsed = (g_get_monotonic_time() - started) / SECOND;

    return elapsed < QUIET_SECONDS ||
           mvm_progress_update(context->progress, "Waiting for ssh (seconds)", (uint64_t)elapsed,
                               (uint64_t)seconds, error);
}

static bool
wait_ssh(const MvmContext *context, MvmDomain *domain, const MvmMetadata *metadata, MvmWatch *watch,
         int seconds, GError **error)
{
    gint64 started = g_get_monotonic_time();
    gint64 deadline = started + (gint64)seconds * SECOND;

    for (;;) {
        gint64 now = g_get_monotonic_time();
        const char *reason = NULL;
        int timeout_ms = (int)CLAMP((deadline - now) / 1000, 1, PROBE_TIMEOUT_MS);

        if (!mvm_state_is_active(mvm_watch_get_state(watch, &reason)))
            return stopped_early(domain, reason, error);
        if (answers(domain, metadata, timeout_ms))
            return true;
        now = g_get_monotonic_time();
        if (now >= deadline)
            return no_answer(domain, seconds, error);
        if (!show_waiting(context, started, seconds, error) ||
            !mvm_watch_step(watch, MIN(deadline, now + PROBE_PAUSE), error))
            return false;
    }
}

static void
warn_of_screen(const MvmContext *context, MvmDomain *domain)
{
    g_autoptr(xmlDoc) doc = mvm_domain_get_xml(domain, NULL);

    if (doc != NULL)
        mvm_screen_warn(context, mvm_domain_get_name(domain), doc);
}

/* Whether the machine is a copy that was not defined again yet, which is reported. */
static bool
note_copy(const MvmContext *context, MvmDomain *domain)
{
    g_autoptr(MvmMetadata) metadata = mvm_domain_get_metadata(domain, NULL);
    const char *name = mvm_domain_get_name(domain);
    g_autofree char *word = mvm_word_quote(name);

    if (metadata == NULL || !mvm_metadata_is_copied(metadata, mvm_domain_get_uuid(domain)))
        return false;
    mvm_progress_note(context->progress,
                      "'%s' is a copy that has the port and the identity of another machine: "
                      "'macvm define %s' gives it its own",
                      name, word);
    return true;
}

/* Fails with cause, taken over. What is in the way of a copy is what the other machine has. */
static bool
refuse(MvmDomain *domain, bool copy, GError *cause, GError **error)
{
    g_autofree char *word = mvm_word_quote(mvm_domain_get_name(domain));

    if (copy && g_error_matches(cause, MVM_ERROR, MVM_ERROR_CONFLICT))
        mvm_error_set_hint(
            &cause, "'macvm define %s' gives the copy a port and an identity of its own", word);
    g_propagate_error(error, cause);
    return false;
}

static void
note_waiting(const MvmContext *context, MvmDomain *domain, const MvmMetadata *metadata)
{
    const char *name = mvm_domain_get_name(domain);
    const char *via = mvm_connection_get_endpoint(context->conn)->host;
    g_autoptr(MvmGuestAddress) address = mvm_guest_address_find(domain, metadata, NULL);

    if (address != NULL)
        mvm_progress_note(context->progress, "'%s' is started; waiting for ssh at %s:%u%s%s", name,
                          address->host, address->port, via != NULL ? " on " : "",
                          via != NULL ? via : "");
    else
        mvm_progress_note(context->progress,
                          "'%s' is started; waiting for its address, and for ssh there", name);
}

/* What makes ssh impossible is reported before the start. NULL: it is. */
static MvmMetadata *
check_ssh(MvmDomain *domain, GError **error)
{
    g_autoptr(MvmMetadata) metadata =
        mvm_guest_ssh_check(domain, error) ? mvm_domain_get_metadata(domain, error) : NULL;
    g_autoptr(MvmGuestAddress) address = NULL;
    g_autoptr(GError) cause = NULL;

    if (metadata == NULL)
        return NULL;
    address = mvm_guest_address_find(domain, metadata, &cause);
    if (address == NULL && !g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    return g_steal_pointer(&metadata);
}

bool
mvm_machine_up(const MvmContext *context, const char *name, int wait_ssh_seconds, GError **error)
{
    g_autoptr(MvmDomain) domain = mvm_domain_open(context->conn, name, error);
    g_autoptr(MvmMetadata) metadata = NULL;
    g_autoptr(MvmWatch) watch = NULL;
    g_autoptr(GError) cause = NULL;
    bool copy = false, saved = false, reset_nvram = false;

    if (domain == NULL || !check_off(domain, error))
        return false;
    warn_of_screen(context, domain);
    copy = note_copy(context, domain);
    if (wait_ssh_seconds > 0 && (metadata = check_ssh(domain, error)) == NULL)
        return false;
    saved = mvm_domain_is_saved(domain);
    if (!mvm_port_check_start(context, domain, &cause))
        return refuse(domain, copy, g_steal_pointer(&cause), error);
    if (saved)
        mvm_progress_note(context->progress, "restoring the saved state of '%s'", name);
    mvm_finish_clean(context, domain);
    reset_nvram = wants_new_nvram(context, domain, saved);
    if (!check_nvram(context, domain, reset_nvram, error))
        return false;
    watch = mvm_watch_new(domain, error);
    if (watch == NULL)
        return false;
    if (!start(context, domain, watch, reset_nvram, &cause))
        return refuse(domain, copy, g_steal_pointer(&cause), error);
    if (reset_nvram && !forget_reset(domain, error))
        return false;
    if (wait_ssh_seconds == 0)
        return true;
    note_waiting(context, domain, metadata);
    if (!mvm_watch_step(watch, 0, error) ||
        !wait_ssh(context, domain, metadata, watch, wait_ssh_seconds, error) ||
        !mvm_guest_ssh_meet(domain, metadata, error))
        return false;
    mvm_finish_if_installed(context, domain, metadata);
    return true;
}
