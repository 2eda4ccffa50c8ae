/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One test machine, with an end to waiting for it. When QEMU hangs as it starts, libvirt waits for
 * it without a limit, and so does who called libvirt. Therefore a thread calls, while this one runs
 * the event loop, and leaves the thread behind if need be: it ends when libvirt answers.
 */
#include "util/error.h"
#include "util/interrupt.h"
#include "virt/connection-priv.h"
#include "virt/probe-priv.h"

#include <string.h>

/* Milliseconds. A guest that still runs after the first has survived its firmware's start if it
 * used the processor meanwhile; a slow host gets time to do so until the second. */
#define SURVIVAL 2000
#define PATIENCE 10000
#define CHECK_INTERVAL 250

/* libvirt gives a QEMU that does not obey ten seconds before it kills it. */
#define REAP_PATIENCE 20000

/* How often a machine is started whose QEMU ends before libvirt hears why. */
#define STARTS 3

/* Processor time of the virtual CPU that shows it executes something, in nanoseconds. */
#define ENOUGH_CPU_TIME UINT64_C(20000000)

/* Of the threads and of who started them; whoever lets go last frees it. */
typedef struct {
    gint users;
    virConnectPtr virt; /* its own reference */
    char *xml;
    char uuid[VIR_UUID_STRING_BUFLEN];
    unsigned flags;
    bool live;
    GMutex lock; /* of all below */
    GCond cond;  /* the machine has ended */
    bool ended, paused;
    bool open; /* it is not too late for an answer */
    bool over; /* of the machine nothing is left */
    int timer; /* wakes the event loop; -1 when that has gone on without us */
    MvmProbeResult result;
    char *reason;
    GError *error;
} Trial;

static void
let_go(Trial *trial)
{
    if (!g_atomic_int_dec_and_test(&trial->users))
        return;
    virConnectClose(trial->virt);
    g_mutex_clear(&trial->lock);
    g_cond_clear(&trial->cond);
    g_free(trial->xml);
    g_free(trial->reason);
    g_clear_error(&trial->error);
    g_free(trial);
}

static Trial *
hold(Trial *trial)
{
    g_atomic_int_inc(&trial->users);
    return trial;
}

/* --- the thread ------------------------------------------------------------------------------- */

static void
answer(Trial *trial, MvmProbeResult result, const char *reason, GError *error)
{
    g_mutex_lock(&trial->lock);
    if (trial->open) {
        trial->open = false;
        trial->result = result;
        trial->reason = g_strdup(reason);
        trial->error = g_steal_pointer(&error);
    }
    g_mutex_unlock(&trial->lock);
    g_clear_error(&error);
}

static void
answer_unknown(Trial *trial)
{
    GError *error = NULL;

    (void)mvm_virt_set_error(&error, "watch a test machine");
    answer(trial, MVM_PROBE_FAILED, NULL, error);
}

/* A connection that broke meanwhile is no answer. */
static void
answer_refusal(Trial *trial)
{
    virErrorPtr last = virGetLastError();
    g_autofree char *words =
        mvm_virt_cause(last != NULL && last->message != NULL ? last->message : "");
    g_autoptr(GError) cause = NULL;

    (void)mvm_virt_set_error(&cause, "start a test machine");
    if (virConnectIsAlive(trial->virt) == 1)
        answer(trial, MVM_PROBE_REFUSED, words, NULL);
    else
        answer(trial, MVM_PROBE_FAILED, NULL, g_steal_pointer(&cause));
}

/* The virtual CPU's own thread: QEMU itself uses the processor before any guest runs. */
static uint64_t
vcpu_time(virDomainPtr domain)
{
    virVcpuInfo info = {0};

    return virDomainGetVcpus(domain, &info, 1, NULL, 0) == 1 ? info.cpuTime : 0;
}

/* Waits for the next look, or until an event comes. */
static void
pause_watching(Trial *trial, bool *ret_ended, bool *ret_paused)
{
    gint64 until = g_get_monotonic_time() + CHECK_INTERVAL * G_TIME_SPAN_MILLISECOND;

    g_mutex_lock(&trial->lock);
    while (!trial->ended && !trial->paused && g_cond_wait_until(&trial->cond, &trial->lock, until))
        ;
    *ret_ended = trial->ended;
    *ret_paused = trial->paused;
    g_mutex_unlock(&trial->lock);
}

/* Events come as they happen; looking sees to the rest: survival, silence, a lost connection. */
static void
see_it_live(Trial *trial, virDomainPtr domain)
{
    gint64 started = g_get_monotonic_time();
    gint64 elapsed = 0;
    bool ended = false, paused = false;
    int state = VIR_DOMAIN_NOSTATE;

    do {
        pause_watching(trial, &ended, &paused);
        elapsed = (g_get_monotonic_time() - started) / G_TIME_SPAN_MILLISECOND;
        if (!ended && !paused && virDomainGetState(domain, &state, NULL, 0) < 0) {
            if (mvm_virt_last_code() != VIR_ERR_NO_DOMAIN) {
                answer_unknown(trial);
                return;
            }
            ended = true;
        }
        paused = paused || state == VIR_DOMAIN_PAUSED || state == VIR_DOMAIN_CRASHED;
        if (!ended && !paused && elapsed >= SURVIVAL && vcpu_time(domain) >= ENOUGH_CPU_TIME) {
            answer(trial, MVM_PROBE_WORKS, NULL, NULL);
            return;
        }
    } while (!ended && !paused && elapsed < PATIENCE);
    answer(trial, MVM_PROBE_REFUSED,
           ended    ? "the machine ended while its firmware started"
           : paused ? "the processor stopped with an internal error in the firmware"
                    : "the machine starts but executes nothing",
           NULL);
}

static bool
is_unheard(void)
{
    virErrorPtr last = virGetLastError();

    return last != NULL && last->message != NULL &&
           strstr(last->message, MVM_VIRT_NO_MONITOR) != NULL;
}

static virDomainPtr
start(Trial *trial)
{
    virDomainPtr domain = NULL;
    unsigned left = STARTS;

    do {
        domain = virDomainCreateXML(trial->virt, trial->xml,
                                    VIR_DOMAIN_START_AUTODESTROY | trial->flags);
    } while (domain == NULL && is_unheard() && --left > 0);
    return domain;
}

static void *
run(void *opaque)
{
    Trial *trial = opaque;
    virDomainPtr domain = start(trial);

    if (domain == NULL)
        answer_refusal(trial);
    else if (trial->live)
        see_it_live(trial, domain);
    else
        answer(trial, MVM_PROBE_WORKS, NULL, NULL);
    if (domain != NULL)
        (void)virDomainDestroy(domain); /* it may be gone already */
    mvm_virt_domain_free(domain);
    g_mutex_lock(&trial->lock);
    trial->over = true;
    if (trial->timer >= 0)
        virEventUpdateTimeout(trial->timer, 0);
    g_mutex_unlock(&trial->lock);
    let_go(trial);
    return NULL;
}

/* What has not started after so long is ended by another thread: that call may take its time too.
 */
static void *
reap(void *opaque)
{
    Trial *trial = opaque;
    g_autoptr(virDomain) domain = virDomainLookupByUUIDString(trial->virt, trial->uuid);

    if (domain != NULL)
        (void)virDomainDestroy(domain);
    let_go(trial);
    return NULL;
}

/* --- the event loop --------------------------------------------------------------------------- */

static int
on_lifecycle(virConnectPtr virt, virDomainPtr domain, int event, int detail, void *opaque)
{
    Trial *trial = opaque;
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (virDomainGetUUIDString(domain, uuid) < 0 || strcmp(uuid, trial->uuid) != 0)
        return 0;
    g_mutex_lock(&trial->lock);
    trial->paused = trial->paused || event == VIR_DOMAIN_EVENT_SUSPENDED;
    trial->ended =
        trial->ended || event == VIR_DOMAIN_EVENT_STOPPED || event == VIR_DOMAIN_EVENT_CRASHED;
    g_cond_signal(&trial->cond);
    g_mutex_unlock(&trial->lock);
    return 0;
}

/* The loop is only to be woken, to look at the clock. */
static void
on_timer(int timer, void *opaque)
{
}

static bool
is_over(Trial *trial)
{
    bool over = false;

    g_mutex_lock(&trial->lock);
    over = trial->over;
    g_mutex_unlock(&trial->lock);
    return over;
}

/* Until the thread is done, for at most so many milliseconds. */
static bool
wait_for(Trial *trial, unsigned timeout_ms, GError **error)
{
    gint64 until = g_get_monotonic_time() + timeout_ms * G_TIME_SPAN_MILLISECOND;

    virEventUpdateTimeout(trial->timer, CHECK_INTERVAL);
    while (!is_over(trial) && g_get_monotonic_time() < until) {
        if (virEventRunDefaultImpl() < 0)
            return mvm_virt_set_error(error, "watch a test machine");
        if (!mvm_interrupted())
            continue;
        g_set_error(error, MVM_ERROR, MVM_ERROR_CANCELLED,
                    "cannot watch a test machine: interrupted");
        return false;
    }
    return true;
}

/* True when it was open still. What comes as an answer when the machine is ended is none. */
static bool
close_question(Trial *trial)
{
    bool open = false;

    g_mutex_lock(&trial->lock);
    open = trial->open;
    trial->open = false;
    g_mutex_unlock(&trial->lock);
    return open;
}

static bool
follow(Trial *trial, unsigned timeout_ms, GError **error)
{
    if (!wait_for(trial, timeout_ms, error))
        return false;
    if (is_over(trial) || !close_question(trial))
        return true;
    g_thread_unref(g_thread_new("macvm-reap", reap, hold(trial)));
    return wait_for(trial, REAP_PATIENCE, error);
}

static Trial *
trial_new(MvmConnection *conn, const MvmProbeMachine *machine, bool live)
{
    g_autofree char *uuid = g_uuid_string_random();
    Trial *trial = g_new0(Trial, 1);

    trial->users = 1;
    trial->virt = conn->virt;
    virConnectRef(conn->virt);
    trial->xml = mvm_probe_xml(machine, uuid);
    g_strlcpy(trial->uuid, uuid, sizeof trial->uuid);
    trial->live = live;
    trial->flags = live ? 0 : VIR_DOMAIN_START_PAUSED;
    trial->open = true;
    trial->result = MVM_PROBE_HUNG;
    g_mutex_init(&trial->lock);
    g_cond_init(&trial->cond);
    return trial;
}

/* What is known by now; the thread may still be there. */
static MvmProbeResult
take_result(Trial *trial, char **ret_reason, GError **error)
{
    MvmProbeResult result = MVM_PROBE_HUNG;

    g_mutex_lock(&trial->lock);
    trial->timer = -1;
    result = trial->result;
    *ret_reason = g_steal_pointer(&trial->reason);
    if (trial->error != NULL)
        g_propagate_error(error, g_steal_pointer(&trial->error));
    g_mutex_unlock(&trial->lock);
    return result;
}

MvmProbeResult
mvm_probe_try(MvmConnection *conn, const MvmProbeMachine *machine, bool live, unsigned timeout_ms,
              char **ret_reason, GError **error)
{
    Trial *trial = trial_new(conn, machine, live);
    int timer = virEventAddTimeout(-1, on_timer, NULL, NULL);
    int event =
        virConnectDomainEventRegisterAny(conn->virt, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                         MVM_VIRT_EVENT_CALLBACK(on_lifecycle), trial, NULL);
    MvmProbeResult result = MVM_PROBE_FAILED;
    bool followed = false;

    if (timer < 0 || event < 0) {
        (void)mvm_virt_set_error(error, "watch a test machine");
    } else {
        trial->timer = timer;
        g_thread_unref(g_thread_new("macvm-probe", run, hold(trial)));
        followed = follow(trial, timeout_ms, error);
        result = take_result(trial, ret_reason, followed ? error : NULL);
    }
    if (event >= 0)
        (void)virConnectDomainEventDeregisterAny(conn->virt, event);
    if (timer >= 0)
        (void)virEventRemoveTimeout(timer);
    let_go(trial);
    return followed ? result : MVM_PROBE_FAILED;
}
