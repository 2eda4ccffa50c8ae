/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/probe.h"

#include "util/error.h"
#include "virt/error.h"
#include "virt/probe-priv.h"

#include <string.h>

/* The test machine's forwarded port: below the ephemeral ones, and another one when somebody has
 * it. */
#define FIRST_PORT 20000
#define LAST_PORT 32000
#define PORT_TRIES 3

#define NO_PASST "Cannot find 'passt'"

/* Parts of the reasons, as libvirt 9.0 to 12.8, QEMU and passt word them. */
static const struct {
    MvmProbeQuestion question;
    const char *reason;
    const char *remedy;
} remedies[] = {
    {MVM_ASK_APPLESMC, "'isa-applesmc' is not a valid device",
     "install a QEMU that has isa-applesmc (Debian's, Fedora's or upstream's; RHEL's has not)"},
    {MVM_ASK_PASST, NO_PASST, "install the package passt on the host"},
    {MVM_ASK_PASST, "user namespace",
     "let users create user namespaces on the host: the sysctls user.max_user_namespaces, "
     "kernel.unprivileged_userns_clone and kernel.apparmor_restrict_unprivileged_userns decide"},
};

const char *
mvm_probe_remedy(MvmProbeQuestion question, const char *reason)
{
    for (size_t i = 0; i < G_N_ELEMENTS(remedies); i++) {
        if (remedies[i].question == question && strstr(reason, remedies[i].reason) != NULL)
            return remedies[i].remedy;
    }
    return "look at the host's log: 'journalctl -u libvirtd -u virtqemud', for qemu:///session "
           "'journalctl --user'";
}

bool
mvm_probe_lacks_passt(const char *reason)
{
    return strstr(reason, NO_PASST) != NULL;
}

bool
mvm_probe_applies(const MvmHost *host, MvmProbeQuestion question)
{
    const MvmDomCaps *caps = host->kvm != NULL ? host->kvm : host->tcg;

    switch (question) {
    case MVM_ASK_KVM:
        return host->kvm != NULL;
    case MVM_ASK_PASST:
        return caps->passt && mvm_feature_is_in(MVM_FEATURE_PASST, &host->versions);
    default:
        return true;
    }
}

static MvmProbeResult
try_kvm(MvmConnection *conn, const MvmHost *host, unsigned timeout_ms, char **ret_reason,
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

    return mvm_probe_try(conn, &machine, true, timeout_ms, ret_reason, error);
}

static MvmProbeResult
try_passt(MvmConnection *conn, const MvmHost *host, unsigned timeout_ms, char **ret_reason,
          GError **error)
{
    MvmProbeResult result = MVM_PROBE_FAILED;

    for (int tries = 0; tries < PORT_TRIES; tries++) {
        const MvmProbeMachine machine = {
            .kvm = host->tcg == NULL,
            .passt_port = (unsigned)g_random_int_range(FIRST_PORT, LAST_PORT),
        };

        g_clear_pointer(ret_reason, g_free);
        result = mvm_probe_try(conn, &machine, false, timeout_ms, ret_reason, error);
        if (result != MVM_PROBE_REFUSED || strstr(*ret_reason, MVM_VIRT_PORT_IN_USE) == NULL)
            break;
    }
    return result;
}

/* What hangs without KVM says nothing about the device. */
static MvmProbeResult
try_applesmc(MvmConnection *conn, const MvmHost *host, unsigned timeout_ms, char **ret_reason,
             GError **error)
{
    const MvmProbeMachine machine = {.kvm = host->tcg == NULL, .applesmc = true};
    MvmProbeResult result = mvm_probe_try(conn, &machine, false, timeout_ms, ret_reason, error);

    if (result != MVM_PROBE_HUNG)
        return result;
    g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                "cannot start a test machine: libvirt has not started it within %u s",
                timeout_ms / 1000);
    mvm_error_set_hint(error,
                       "look on the host whether a QEMU hangs there, and what 'journalctl -u "
                       "libvirtd -u virtqemud' shows; then run the command again");
    return MVM_PROBE_FAILED;
}

bool
mvm_probe_ask(MvmConnection *conn, const MvmHost *host, MvmProbeQuestion question,
              unsigned timeout_ms, MvmProbe *probe, GError **error)
{
    static MvmProbeResult (*const tries[MVM_ASK_COUNT])(MvmConnection *, const MvmHost *, unsigned,
                                                        char **, GError **) = {
        [MVM_ASK_APPLESMC] = try_applesmc,
        [MVM_ASK_KVM] = try_kvm,
        [MVM_ASK_PASST] = try_passt,
    };
    g_autofree char *reason = NULL;
    MvmProbeResult result = tries[question](conn, host, timeout_ms, &reason, error);

    if (result == MVM_PROBE_FAILED)
        return false;
    if (result == MVM_PROBE_HUNG)
        reason = g_strdup_printf("a test machine hangs: no answer within %u s", timeout_ms / 1000);
    mvm_probe_set(probe, question, result == MVM_PROBE_WORKS, reason,
                  g_get_real_time() / G_USEC_PER_SEC);
    return true;
}

MvmProbe *
mvm_probe_run(MvmConnection *conn, const MvmHost *host, unsigned timeout_ms, GError **error)
{
    g_autoptr(MvmProbe) probe = mvm_probe_new();

    for (int i = 0; i < MVM_ASK_COUNT; i++) {
        if (mvm_probe_applies(host, (MvmProbeQuestion)i) &&
            !mvm_probe_ask(conn, host, (MvmProbeQuestion)i, timeout_ms, probe, error))
            return NULL;
    }
    return g_steal_pointer(&probe);
}

const MvmProbeAnswer *
mvm_probe_get(const MvmProbe *probe, MvmProbeQuestion question)
{
    return probe != NULL && probe->answers[question].known ? &probe->answers[question] : NULL;
}

void
mvm_probe_set(MvmProbe *probe, MvmProbeQuestion question, bool works, const char *reason,
              int64_t asked)
{
    MvmProbeAnswer *answer = &probe->answers[question];

    g_free(answer->reason);
    *answer = (MvmProbeAnswer){
        .known = true, .works = works, .reason = works ? NULL : g_strdup(reason), .asked = asked};
}

MvmProbe *
mvm_probe_new(void)
{
    return g_new0(MvmProbe, 1);
}

void
mvm_probe_free(MvmProbe *probe)
{
    if (probe == NULL)
        return;
    for (int i = 0; i < MVM_ASK_COUNT; i++)
        g_free(probe->answers[i].reason);
    g_free(probe);
}
