/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/probe.h"

#include "util/error.h"
#include "virt/probe-priv.h"

static bool
ask_kvm(MvmConnection *conn, const MvmHost *host, unsigned timeout_ms, MvmProbe *probe,
        GError **error)
{
    const MvmProbeMachine machine = {
        .kvm = true,
        .loader = mvm_feature_is_in(MVM_FEATURE_STATELESS_LOADER, &host->versions) &&
                          host->firmware != NULL
                      ? host->firmware->code
                      : NULL,
        .loader_format = host->firmware != NULL ? host->firmware->format : NULL,
    };
    MvmProbeResult result =
        mvm_probe_try(conn, &machine, true, timeout_ms, &probe->kvm_reason, error);

    probe->kvm_works = result == MVM_PROBE_WORKS;
    if (result == MVM_PROBE_HUNG)
        probe->kvm_reason =
            g_strdup_printf("a test machine hangs: no answer within %u s", timeout_ms / 1000);
    return result != MVM_PROBE_FAILED;
}

/* What hangs without KVM tells nothing about the device. */
static bool
ask_applesmc(MvmConnection *conn, const MvmHost *host, unsigned timeout_ms, MvmProbe *probe,
             GError **error)
{
    const MvmProbeMachine machine = {.kvm = host->tcg == NULL, .applesmc = true};
    MvmProbeResult result =
        mvm_probe_try(conn, &machine, false, timeout_ms, &probe->applesmc_reason, error);

    probe->applesmc = result == MVM_PROBE_WORKS;
    if (result != MVM_PROBE_HUNG)
        return result != MVM_PROBE_FAILED;
    g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                "cannot start a test machine: libvirt has not started it within %u s",
                timeout_ms / 1000);
    mvm_error_set_hint(error,
                       "look on the host whether a QEMU hangs there, and what 'journalctl -u "
                       "libvirtd -u virtqemud' says; then run the command again");
    return false;
}

MvmProbe *
mvm_probe_run(MvmConnection *conn, const MvmHost *host, unsigned timeout_ms, GError **error)
{
    g_autoptr(MvmProbe) probe = g_new0(MvmProbe, 1);

    if (!ask_applesmc(conn, host, timeout_ms, probe, error))
        return NULL;
    if (host->kvm == NULL)
        probe->kvm_reason = g_strdup(host->kvm_reason);
    else if (!ask_kvm(conn, host, timeout_ms, probe, error))
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
