/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How it works: callbacks only note that something happened; the state is then read from libvirt,
 * because an event may be older than the state. A lost connection is neither success nor failure
 * (QEMU runs on without libvirtd), so that the watch connects again and compares.
 */
#include "virt/watch.h"

#include "util/error.h"
#include "util/interrupt.h"
#include "util/words.h"
#include "virt/domain-priv.h"

/* Between attempts to reach a daemon that went away. Microseconds. */
#define RETRY_INTERVAL (250 * 1000)

struct MvmWatch {
    MvmDomain *domain; /* borrowed */
    int event;         /* libvirt's numbers for what is registered; -1: none */
    int interrupt;
    int fd_handle;
    int timer;
    unsigned id; /* the domain's while active: another one means that it was restarted */
    MvmState state;
    const char *reason; /* static */
    gint stopped;       /* these four: also set by callbacks, which may come in another thread */
    gint lost;
    gint woken; /* something happened since the last look at the state */
    gint interrupted;
};

static int
on_lifecycle(virConnectPtr conn, virDomainPtr domain, int event, int detail, void *opaque)
{
    MvmWatch *watch = opaque;

    if (event == VIR_DOMAIN_EVENT_STOPPED)
        g_atomic_int_set(&watch->stopped, 1);
    g_atomic_int_set(&watch->woken, 1);
    return 0;
}

static void
on_close(virConnectPtr conn, int reason, void *opaque)
{
    MvmWatch *watch = opaque;

    g_atomic_int_set(&watch->lost, 1);
    g_atomic_int_set(&watch->woken, 1);
}

static void
on_interrupt(int handle, int fd, int events, void *opaque)
{
    MvmWatch *watch = opaque;

    g_atomic_int_set(&watch->interrupted, 1);
    g_atomic_int_set(&watch->woken, 1);
}

static void
on_fd(int handle, int fd, int events, void *opaque)
{
    MvmWatch *watch = opaque;

    g_atomic_int_set(&watch->woken, 1);
}

static void
on_timer(int timer, void *opaque)
{
    MvmWatch *watch = opaque;

    g_atomic_int_set(&watch->woken, 1);
}

static bool
connection_is_alive(const MvmWatch *watch)
{
    return !watch->lost && mvm_connection_is_alive(watch->domain->conn);
}

/* Takes the state from libvirt. A connection that breaks meanwhile is no failure here. */
static bool
read_state(MvmWatch *watch, GError **error)
{
    g_autoptr(GError) cause = NULL;
    unsigned id = 0;

    if (!mvm_domain_get_state(watch->domain, &watch->state, &watch->reason, &cause)) {
        if (g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND)) {
            watch->state = MVM_STATE_SHUT_OFF;
            watch->reason = "undefined";
            g_atomic_int_set(&watch->stopped, 1);
            return true;
        }
        watch->lost = !connection_is_alive(watch);
        if (watch->lost)
            return true;
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    id = virDomainGetID(watch->domain->virt);
    if (!mvm_state_is_active(watch->state))
        g_atomic_int_set(&watch->stopped, 1);
    else if (watch->id != 0 && id != (unsigned)-1 && id != watch->id)
        g_atomic_int_set(&watch->stopped, 1);
    if (id != (unsigned)-1)
        watch->id = id;
    return true;
}

static bool
subscribe(MvmWatch *watch, GError **error)
{
    MvmDomain *domain = watch->domain;

    g_atomic_int_set(&watch->lost, 0);
    watch->event = virConnectDomainEventRegisterAny(
        domain->conn->virt, domain->virt, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
        MVM_VIRT_EVENT_CALLBACK(on_lifecycle), watch, NULL);
    if (watch->event < 0) {
        (void)mvm_virt_set_error(error, "follow '%s'", domain->name);
        if (connection_is_alive(watch))
            return false;
        g_clear_error(error);
        g_atomic_int_set(&watch->lost, 1);
        return true;
    }
    /* A driver within this process (test:///) has no link to lose and refuses it. */
    (void)virConnectRegisterCloseCallback(domain->conn->virt, on_close, watch, NULL);
    return read_state(watch, error);
}

static void
unsubscribe(MvmWatch *watch)
{
    virConnectPtr virt = watch->domain->conn->virt;

    if (watch->event >= 0)
        (void)virConnectDomainEventDeregisterAny(virt, watch->event);
    (void)virConnectUnregisterCloseCallback(virt, on_close);
    watch->event = -1;
}

MvmWatch *
mvm_watch_new(MvmDomain *domain, GError **error)
{
    g_autoptr(MvmWatch) watch = g_new0(MvmWatch, 1);

    watch->domain = domain;
    watch->event = -1;
    watch->fd_handle = -1;
    watch->interrupt = -1;
    watch->timer = virEventAddTimeout(-1, on_timer, watch, NULL);
    if (mvm_interrupt_fd() >= 0)
        watch->interrupt = virEventAddHandle(mvm_interrupt_fd(), VIR_EVENT_HANDLE_READABLE,
                                             on_interrupt, watch, NULL);
    if (!subscribe(watch, error))
        return NULL;
    g_atomic_int_set(&watch->stopped, 0);
    return g_steal_pointer(&watch);
}

void
mvm_watch_free(MvmWatch *watch)
{
    if (watch == NULL)
        return;
    unsubscribe(watch);
    mvm_watch_set_fd(watch, -1);
    if (watch->interrupt >= 0)
        (void)virEventRemoveHandle(watch->interrupt);
    if (watch->timer >= 0)
        (void)virEventRemoveTimeout(watch->timer);
    g_free(watch);
}

void
mvm_watch_set_fd(MvmWatch *watch, int fd)
{
    if (watch->fd_handle >= 0)
        (void)virEventRemoveHandle(watch->fd_handle);
    watch->fd_handle = -1;
    if (fd >= 0)
        watch->fd_handle = virEventAddHandle(
            fd, VIR_EVENT_HANDLE_READABLE | VIR_EVENT_HANDLE_HANGUP, on_fd, watch, NULL);
}

/* Runs libvirt's event loop until a callback came or the time is up. */
static bool
run_loop(MvmWatch *watch, gint64 until, GError **error)
{
    while (g_atomic_int_get(&watch->woken) == 0) {
        gint64 left = until - g_get_monotonic_time();

        if (left <= 0)
            break;
        virEventUpdateTimeout(watch->timer, (int)MIN(left / 1000 + 1, G_MAXINT));
        if (virEventRunDefaultImpl() < 0)
            return mvm_virt_set_error(error, "wait for '%s'", watch->domain->name);
    }
    virEventUpdateTimeout(watch->timer, -1);
    g_atomic_int_set(&watch->woken, 0);
    return true;
}

/* One attempt to be connected again. */
static bool
reconnect(MvmWatch *watch, GError **error)
{
    MvmDomain *domain = watch->domain;
    g_autoptr(GError) cause = NULL;

    if (domain->conn->endpoint->remote) {
        g_autofree char *word = mvm_word_quote(domain->name);

        g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                    "cannot wait for '%s': the connection to libvirt at '%s' was lost",
                    domain->name, domain->conn->endpoint->uri);
        mvm_error_set_hint(error,
                           "the machine goes on by itself; 'macvm status %s' tells how "
                           "it is",
                           word);
        return false;
    }
    unsubscribe(watch);
    if (!mvm_connection_reopen(domain->conn, NULL))
        return true;
    if (!mvm_domain_reopen(domain, &cause)) {
        if (!g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND))
            return true;
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    return subscribe(watch, error);
}

bool
mvm_watch_step(MvmWatch *watch, gint64 until, GError **error)
{
    if (watch->lost) {
        if (!reconnect(watch, error))
            return false;
        /* Back again: what changed meanwhile is news. */
        if (!watch->lost)
            return true;
        until = MIN(until, g_get_monotonic_time() + RETRY_INTERVAL);
    }
    if (!run_loop(watch, until, error))
        return false;
    if (mvm_interrupted() || watch->interrupted) {
        g_autofree char *word = mvm_word_quote(watch->domain->name);

        /* What it has become since may not have been told yet: a start that was just asked for. */
        if (!watch->lost)
            (void)read_state(watch, NULL);
        g_set_error(error, MVM_ERROR, MVM_ERROR_CANCELLED, "interrupted while waiting for '%s'",
                    watch->domain->name);
        mvm_error_set_hint(error, "it was %s then; 'macvm status %s' tells how it is now",
                           mvm_state_name(watch->state), word);
        return false;
    }
    return watch->lost || read_state(watch, error);
}

MvmState
mvm_watch_get_state(const MvmWatch *watch, const char **ret_reason)
{
    if (ret_reason != NULL)
        *ret_reason = watch->reason;
    return watch->state;
}

unsigned
mvm_watch_get_run(const MvmWatch *watch)
{
    return watch->id;
}

bool
mvm_watch_has_stopped(const MvmWatch *watch)
{
    return watch->stopped;
}

bool
mvm_watch_is_connected(const MvmWatch *watch)
{
    return !watch->lost;
}

bool
mvm_watch_is_lost(MvmWatch *watch)
{
    watch->lost = watch->lost || !connection_is_alive(watch);
    return watch->lost;
}
