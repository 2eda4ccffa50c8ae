/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/probe.h"

#include "util/error.h"
#include "virt/connection-priv.h"
#include "virt/probe-priv.h"

#include <string.h>

/* Milliseconds. A guest that still runs after the first has survived its firmware's start if it
 * used the processor meanwhile; a slow host gets time to do so until the second. */
#define SURVIVAL 2000
#define PATIENCE 10000
#define CHECK_INTERVAL 250

/* Processor time of the virtual CPU that shows it executes something, in nanoseconds. */
#define ENOUGH_CPU_TIME UINT64_C(20000000)

/* One machine being watched. */
typedef struct {
    MvmConnection *conn; /* borrowed */
    virDomainPtr domain; /* owned */
    char uuid[VIR_UUID_STRING_BUFLEN];
    int event_id;
    int timer_id;
    gint64 started; /* monotonic, microseconds */
    bool over;
    bool works;
    char *reason;  /* owned */
    GError *error; /* owned; the question cannot be answered */
} Watch;

static void
conclude(Watch *watch, bool works, const char *reason)
{
    if (watch->over)
        return;
    watch->over = true;
    watch->works = works;
    watch->reason = g_strdup(reason);
}

/* --- following one machine -------------------------------------------------------------------- */

static int
on_lifecycle(virConnectPtr virt, virDomainPtr domain, int event, int detail, void *opaque)
{
    Watch *watch = opaque;
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (virDomainGetUUIDString(domain, uuid) < 0 || strcmp(uuid, watch->uuid) != 0)
        return 0;
    if (event == VIR_DOMAIN_EVENT_SUSPENDED)
        conclude(watch, false, "the processor stopped with an internal error in the firmware");
    else if (event == VIR_DOMAIN_EVENT_STOPPED || event == VIR_DOMAIN_EVENT_CRASHED)
        conclude(watch, false, "the machine ended while its firmware started");
    return 0;
}

/* The virtual CPU's own thread: QEMU itself uses the processor before any guest runs. */
static uint64_t
vcpu_time(virDomainPtr domain)
{
    virVcpuInfo info = {0};

    return virDomainGetVcpus(domain, &info, 1, NULL, 0) == 1 ? info.cpuTime : 0;
}

/* A machine that is gone has ended; every other failure says nothing about it. */
static void
state_unknown(Watch *watch)
{
    if (mvm_virt_last_code() == VIR_ERR_NO_DOMAIN) {
        conclude(watch, false, "the machine ended while its firmware started");
        return;
    }
    if (watch->error == NULL)
        (void)mvm_virt_set_error(&watch->error, "watch a test machine");
}

static void
on_timer(int timer, void *opaque)
{
    Watch *watch = opaque;
    gint64 elapsed = (g_get_monotonic_time() - watch->started) / 1000;
    int state = VIR_DOMAIN_NOSTATE;

    if (virDomainGetState(watch->domain, &state, NULL, 0) < 0)
        state_unknown(watch);
    else if (state == VIR_DOMAIN_PAUSED || state == VIR_DOMAIN_CRASHED)
        conclude(watch, false, "the processor stopped with an internal error in the firmware");
    else if (elapsed >= SURVIVAL && vcpu_time(watch->domain) >= ENOUGH_CPU_TIME)
        conclude(watch, true, NULL);
    else if (elapsed >= PATIENCE)
        conclude(watch, false, "the machine starts but executes nothing");
}

/* Events come as they happen; the timer sees to the rest: survival, silence, a lost connection. */
static bool
follow(Watch *watch, GError **error)
{
    watch->started = g_get_monotonic_time();
    watch->timer_id = virEventAddTimeout(CHECK_INTERVAL, on_timer, watch, NULL);
    if (watch->timer_id < 0)
        return mvm_virt_set_error(error, "watch a test machine");
    while (!watch->over && watch->error == NULL) {
        if (virEventRunDefaultImpl() < 0)
            return mvm_virt_set_error(error, "watch a test machine");
    }
    if (watch->error == NULL)
        return true;
    g_propagate_error(error, g_steal_pointer(&watch->error));
    return false;
}

static void
watch_clear(Watch *watch)
{
    if (watch->timer_id >= 0)
        (void)virEventRemoveTimeout(watch->timer_id);
    if (watch->event_id >= 0)
        (void)virConnectDomainEventDeregisterAny(watch->conn->virt, watch->event_id);
    if (watch->domain != NULL)
        (void)virDomainDestroy(watch->domain); /* it may be gone already */
    mvm_virt_domain_free(watch->domain);
    g_free(watch->reason);
    g_clear_error(&watch->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Watch, watch_clear)

/* --- the two questions ------------------------------------------------------------------------ */

/* Starts a test machine. *ret_refusal gets libvirt's words when it does not start, NULL when it
 * does. False when the connection broke meanwhile: that is no answer. */
static bool
start(Watch *watch, const MvmProbeMachine *machine, unsigned flags, char **ret_refusal,
      GError **error)
{
    g_autofree char *uuid = g_uuid_string_random();
    g_autofree char *xml = mvm_probe_xml(machine, uuid);
    g_autofree char *refusal = NULL;
    g_autoptr(GError) cause = NULL;
    virErrorPtr last = NULL;

    g_strlcpy(watch->uuid, uuid, sizeof watch->uuid);
    watch->domain =
        virDomainCreateXML(watch->conn->virt, xml, VIR_DOMAIN_START_AUTODESTROY | flags);
    if (watch->domain == NULL) {
        last = virGetLastError();
        refusal = g_strdup(last != NULL && last->message != NULL ? last->message : "");
        (void)mvm_virt_set_error(&cause, "start a test machine");
        if (!mvm_connection_is_alive(watch->conn)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return false;
        }
    }
    *ret_refusal = g_steal_pointer(&refusal);
    return true;
}

static bool
register_events(Watch *watch, GError **error)
{
    watch->event_id =
        virConnectDomainEventRegisterAny(watch->conn->virt, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                         VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), watch, NULL);
    if (watch->event_id < 0)
        return mvm_virt_set_error(error, "watch a test machine");
    return true;
}

static bool
ask_kvm(MvmConnection *conn, const MvmHost *host, MvmProbe *probe, GError **error)
{
    g_auto(Watch) watch = {.conn = conn, .event_id = -1, .timer_id = -1};
    const MvmProbeMachine machine = {
        .kvm = true,
        .loader = mvm_feature_is_in(MVM_FEATURE_STATELESS_LOADER, &host->versions) &&
                          host->firmware != NULL
                      ? host->firmware->code
                      : NULL,
        .loader_format = host->firmware != NULL ? host->firmware->format : NULL,
    };

    if (!register_events(&watch, error) || !start(&watch, &machine, 0, &probe->kvm_reason, error))
        return false;
    if (watch.domain == NULL)
        return true;
    if (!follow(&watch, error))
        return false;
    probe->kvm_works = watch.works;
    probe->kvm_reason = g_steal_pointer(&watch.reason);
    return true;
}

static bool
ask_applesmc(MvmConnection *conn, const MvmHost *host, MvmProbe *probe, GError **error)
{
    g_auto(Watch) watch = {.conn = conn, .event_id = -1, .timer_id = -1};
    const MvmProbeMachine machine = {.kvm = host->tcg == NULL, .applesmc = true};

    if (!start(&watch, &machine, VIR_DOMAIN_START_PAUSED, &probe->applesmc_reason, error))
        return false;
    probe->applesmc = watch.domain != NULL;
    return true;
}

MvmProbe *
mvm_probe_run(MvmConnection *conn, const MvmHost *host, GError **error)
{
    g_autoptr(MvmProbe) probe = g_new0(MvmProbe, 1);

    if (!ask_applesmc(conn, host, probe, error))
        return NULL;
    if (host->kvm == NULL)
        probe->kvm_reason = g_strdup(host->kvm_reason);
    else if (!ask_kvm(conn, host, probe, error))
        return NULL;
    return g_steal_pointer(&probe);
}

void
mvm_probe_free(MvmProbe *probe)
{
    if (probe == NULL)
        return;
    g_free(probe->kvm_reason);
    g_free(probe->applesmc_reason);
    g_free(probe);
}
