/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/hostcheck.h"

#include "ops/firmware.h"
#include "ops/hostprobe.h"
#include "util/error.h"
#include "util/size.h"
#include "util/words.h"
#include "virt/network.h"

#include <string.h>

static bool
host_error(GError **error, const char *what, const char *why, const char *hint)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_HOST, "cannot %s: %s", what, why);
    mvm_error_set_hint(error, "%s", hint);
    return false;
}

static bool
check_applesmc(const MvmContext *context, const MvmHost *host, const MvmMachine *machine,
               GError **error)
{
    g_autoptr(MvmProbe) probe = NULL;
    const MvmProbeAnswer *answer = NULL;

    if (machine->osk == NULL)
        return true;
    if (!mvm_hostprobe_ask(context, host, MVM_ASK_APPLESMC, MVM_REFUSAL_RECENT, &probe, error))
        return false;
    answer = mvm_probe_get(probe, MVM_ASK_APPLESMC);
    return answer->works || host_error(error, "run macOS with this host's QEMU", answer->reason,
                                       mvm_probe_remedy(MVM_ASK_APPLESMC, answer->reason));
}

static bool
use_tcg(const MvmContext *context, const MvmHost *host, MvmMachine *machine, const char *why,
        GError **error)
{
    machine->kvm = false;
    if (host->tcg == NULL)
        return host_error(error, "run a machine", "the host has neither KVM nor TCG",
                          "install QEMU for x86_64 on the host");
    if (why != NULL)
        mvm_progress_note(context->progress,
                          "KVM does not work here (%s): using TCG, which is many times slower",
                          why);
    return true;
}

/* *ret_why is why KVM does not run a guest, NULL when it does; the caller frees. */
static bool
try_kvm(const MvmContext *context, const MvmHost *host, bool asked, char **ret_why, GError **error)
{
    g_autoptr(MvmProbe) probe = NULL;

    if (host->kvm == NULL) {
        *ret_why = g_strdup(host->kvm_reason);
        return true;
    }
    if (!mvm_hostprobe_ask(context, host, MVM_ASK_KVM,
                           asked ? MVM_REFUSAL_ASK_AGAIN : MVM_REFUSAL_RECENT, &probe, error))
        return false;
    *ret_why = g_strdup(mvm_probe_get(probe, MVM_ASK_KVM)->reason);
    return true;
}

/* Without KVM there is no test machine: where the device is missing, the start reports it. */
bool
mvm_hostcheck_accel(const MvmContext *context, const MvmHost *host, const char *accel,
                    const char *current, MvmMachine *machine, GError **error)
{
    bool asked_kvm = g_strcmp0(accel, "kvm") == 0;
    bool asked_tcg = g_strcmp0(accel, "tcg") == 0;
    g_autofree char *why = NULL;

    if (current != NULL && !asked_kvm && !asked_tcg) {
        machine->kvm = g_str_equal(current, "kvm");
        return true;
    }
    if (asked_tcg)
        return use_tcg(context, host, machine, NULL, error);
    if (!check_applesmc(context, host, machine, error) ||
        !try_kvm(context, host, asked_kvm, &why, error))
        return false;
    machine->kvm = true;
    if (why == NULL)
        return true;
    if (asked_kvm)
        return host_error(error, "use KVM on this host", why,
                          "turn on virtualization in the host's firmware and load the module "
                          "kvm_intel or kvm_amd, or use --accel tcg");
    return use_tcg(context, host, machine, why, error);
}

static bool
use_given_firmware(const MvmContext *context, const MvmHost *host, const char *firmware,
                   MvmMachine *machine, GError **error)
{
    const char *colon = strchr(firmware, ':');

    machine->loader = g_strndup(firmware, (gsize)(colon - firmware));
    machine->nvram_template = g_strdup(colon + 1);
    if (!mvm_firmware_check_pair(context, mvm_host_get_domcaps(host, machine->kvm), machine->loader,
                                 machine->nvram_template, &machine->firmware_format, error))
        return false;
    if (g_str_equal(machine->firmware_format, "raw") ||
        mvm_feature_is_in(MVM_FEATURE_FIRMWARE_FORMAT, &host->versions))
        return true;
    return host_error(error, "use firmware in qcow2 format", "the host's libvirt is too old for it",
                      "give raw images as --firmware CODE:VARS, or leave --firmware out");
}

bool
mvm_hostcheck_firmware(const MvmContext *context, const MvmHost *host, const char *firmware,
                       MvmMachine *machine, GError **error)
{
    if (firmware != NULL && strchr(firmware, ':') != NULL)
        return use_given_firmware(context, host, firmware, machine, error);
    if (g_strcmp0(firmware, "upstream") == 0)
        return true;
    if (host->firmware == NULL ||
        (!g_str_equal(host->firmware->format, "raw") &&
         !mvm_feature_is_in(MVM_FEATURE_FIRMWARE_FORMAT, &host->versions)))
        return host_error(error, "find UEFI firmware on the host",
                          "libvirt lists no OVMF without Secure Boot there",
                          "install the package ovmf (Fedora, Arch: edk2-ovmf) on the host, or use "
                          "--firmware upstream or CODE:VARS");
    machine->loader = g_strdup(host->firmware->code);
    machine->nvram_template = g_strdup(host->firmware->vars);
    machine->firmware_format = host->firmware->format;
    return true;
}

bool
mvm_hostcheck_memory(const MvmHost *host, bool memory_asked, const MvmMachine *machine,
                     GError **error)
{
    if (memory_asked && host->memory > 0 && machine->memory > host->memory) {
        g_autofree char *has = mvm_size_format(host->memory);
        g_autofree char *wants = mvm_size_format(machine->memory);

        g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                    "cannot give '%s' %s of memory: the host has %s", machine->name, wants, has);
        mvm_error_set_hint(error, "ask for less with --memory");
        return false;
    }
    return true;
}

static bool
check_cpu_model(const MvmDomCaps *caps, const MvmMachine *machine, GError **error)
{
    if (g_str_equal(machine->cpu, "host")) {
        if (machine->kvm)
            return true;
        return host_error(error, "use CPU model 'host'", "TCG has no host CPU to pass through",
                          "name a model, for example " MVM_DEFAULT_CPU);
    }
    if (caps == NULL || mvm_domcaps_find_model(caps, machine->cpu) != NULL)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                "cannot find CPU model '%s': the host's libvirt does not know it", machine->cpu);
    mvm_error_set_hint(error, "'virsh cpu-models x86_64' lists them");
    return false;
}

/* One that is not there yet may be made before the machine starts, as a network may be started. */
static void
note_bridge(const MvmContext *context, const MvmMachine *machine)
{
    if (mvm_network_lacks_bridge(context->conn, machine->net_source))
        mvm_progress_note(context->progress,
                          "the host has no bridge '%s' now: the machine does not start without it; "
                          "'virsh iface-list --all' shows what there is",
                          machine->net_source);
}

static bool
check_network(const MvmContext *context, const MvmMachine *machine, GError **error)
{
    bool active = false;

    if (machine->net_kind == MVM_NET_BRIDGE)
        note_bridge(context, machine);
    if (machine->net_kind != MVM_NET_NETWORK)
        return true;
    if (!mvm_network_is_active(context->conn, machine->net_source, &active, error))
        return false;
    if (!active) {
        g_autofree char *word = mvm_word_quote(machine->net_source);

        mvm_progress_note(context->progress,
                          "network '%s' is not active: 'virsh net-start %s' starts it",
                          machine->net_source, word);
    }
    return true;
}

bool
mvm_hostcheck_devices(const MvmContext *context, const MvmHost *host, const MvmMachine *machine,
                      GError **error)
{
    const MvmDomCaps *caps = mvm_host_get_domcaps(host, machine->kvm);

    if (caps != NULL && !mvm_domcaps_has_video(caps, machine->video)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                    "cannot use video model '%s': the host's QEMU does not have it",
                    machine->video);
        mvm_error_set_hint(error, "choose another with --video, for example vga");
        return false;
    }
    return check_cpu_model(caps, machine, error) && check_network(context, machine, error);
}
