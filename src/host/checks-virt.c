/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/check.h"

#include "util/words.h"

/* The first that has all calls that macvm makes. */
#define OLDEST_LIBVIRT MVM_VERSION(8, 1, 0)

static unsigned long
libvirt_of(const MvmVersions *versions)
{
    return versions->libvirt;
}

static unsigned long
qemu_of(const MvmVersions *versions)
{
    return versions->qemu;
}

/* ", without A; B" or "". part picks libvirt's version or QEMU's. */
static char *
list_lacking(unsigned long (*part)(const MvmVersions *versions), unsigned long version)
{
    GString *list = g_string_new(NULL);

    for (int i = 0; i < MVM_FEATURE_COUNT; i++) {
        const MvmFeatureInfo *info = mvm_feature_info((MvmFeature)i);

        if (info->what != NULL && version < part(&info->since))
            g_string_append_printf(list, "%s%s", list->len == 0 ? ", without " : "; ", info->what);
    }
    return g_string_free(list, FALSE);
}

/* " by virtqemud (one of several daemons)"; the caller frees. */
static char *
describe_daemon(const MvmFacts *facts)
{
    if (facts->daemon != NULL)
        return g_strdup_printf(" by %s (%s)", facts->daemon,
                               g_str_equal(facts->daemon, "libvirtd") ? "one daemon for all"
                                                                      : "one of several daemons");
    if (facts->host_name != NULL)
        return g_strdup_printf(" on %s", facts->host_name);
    return g_strdup("");
}

void
mvm_check_libvirt(const MvmFacts *facts, MvmCheck *check)
{
    g_autofree char *version = NULL;
    g_autofree char *lacking = NULL;
    g_autofree char *daemon = describe_daemon(facts);
    unsigned long number = facts->host != NULL ? facts->host->versions.libvirt : 0;

    if (facts->connection_error != NULL) {
        mvm_check_fail_error(check, facts->connection_error,
                             "install and start libvirt ('macvm setup' does it), and look at the "
                             "URI of -c");
        return;
    }
    if (number == 0) {
        mvm_check_ok(check, "'%s' answers", facts->uri);
        return;
    }
    version = mvm_version_format(number);
    lacking = list_lacking(libvirt_of, number);
    if (number < OLDEST_LIBVIRT)
        mvm_check_fail(check, "bring the host's distribution up to one with libvirt 8.1 or newer",
                       "libvirt %s is too old", version);
    else
        mvm_check_ok(check, "libvirt %s%s%s", version, daemon, lacking);
}

void
mvm_check_emulator(const MvmFacts *facts, MvmCheck *check)
{
    const MvmDomCaps *caps = NULL;
    g_autofree char *fix = g_strdup_printf("run 'macvm setup%s'", mvm_facts_connect(facts));

    if (facts->host == NULL) {
        mvm_check_fail_error(check, facts->host_error, fix);
        return;
    }
    caps = facts->host->kvm != NULL ? facts->host->kvm : facts->host->tcg;
    mvm_check_ok(check, "%s, machine %s", caps->emulator, caps->machine);
}

void
mvm_check_qemu(const MvmFacts *facts, MvmCheck *check)
{
    unsigned long number = facts->host->versions.qemu;
    g_autofree char *version = mvm_version_format(number);
    g_autofree char *lacking = list_lacking(qemu_of, number);
    g_autofree char *fix =
        g_strdup_printf("run 'virsh%s version' and look at its messages", mvm_facts_connect(facts));

    if (number == 0)
        mvm_check_warn(check, fix, "libvirt does not tell QEMU's version");
    else if (!mvm_feature_is_in(MVM_FEATURE_HOTPLUG_GLOBAL, &facts->host->versions))
        mvm_check_warn(check, "bring the host's QEMU up to 6.1 or newer",
                       "QEMU %s is older than what macOS machines are tried with", version);
    else
        mvm_check_ok(check, "QEMU %s%s", version, lacking);
}

void
mvm_check_applesmc(const MvmFacts *facts, MvmCheck *check)
{
    const MvmProbeAnswer *answer = mvm_probe_get(facts->probe, MVM_ASK_APPLESMC);
    g_autofree char *again =
        g_strdup_printf("run 'macvm doctor -v%s' again", mvm_facts_connect(facts));

    if (answer == NULL)
        mvm_check_fail_error(check, facts->probe_error, again);
    else if (answer->works)
        mvm_check_ok(check, "the emulator has isa-applesmc");
    else
        mvm_check_fail(check, mvm_probe_remedy(MVM_ASK_APPLESMC, answer->reason),
                       "no machine with isa-applesmc starts: %s", answer->reason);
}

/* The nearest cause that the kernel tells, else all that it can be. */
static const char *
how_to_get_kvm(const MvmFacts *facts)
{
    const MvmKernel *kernel = facts->kernel;
    int64_t uid = facts->session ? -1 : facts->host->qemu_uid;

    if (kernel != NULL && kernel->kvm_node && !mvm_kernel_kvm_allows(kernel, uid))
        return "let QEMU's user open /dev/kvm, as under kvm-device";
    if (kernel != NULL && mvm_kernel_has_flag(kernel, "hypervisor"))
        return "turn on nested virtualization for this machine on its own host";
    return "turn on virtualization (VT-x, AMD-V) in the host's firmware and load kvm_intel or "
           "kvm_amd";
}

void
mvm_check_kvm(const MvmFacts *facts, MvmCheck *check)
{
    const char *fix = how_to_get_kvm(facts);
    const MvmProbeAnswer *answer = mvm_probe_get(facts->probe, MVM_ASK_KVM);
    const char *why = answer != NULL ? answer->reason : facts->host->kvm_reason;

    if (facts->host->kvm != NULL && answer == NULL)
        mvm_check_fail_error(check, facts->probe_error, fix);
    else if (facts->host->kvm != NULL && answer->works)
        mvm_check_ok(check, "KVM runs a guest");
    else if (facts->want_tcg)
        mvm_check_warn(check, fix, "no KVM (%s); '%s' does without it, slowly", why,
                       facts->machine->name);
    else
        mvm_check_fail(check, fix,
                       "KVM runs no guest: %s; with TCG, machines are many times slower", why);
}

void
mvm_check_firmware(const MvmFacts *facts, MvmCheck *check)
{
    const MvmFirmware *firmware = facts->host->firmware;

    if (firmware == NULL)
        mvm_check_fail(check,
                       "install the package ovmf (Fedora, Arch: edk2-ovmf) on the host, or define "
                       "with --firmware upstream",
                       "libvirt lists no OVMF without Secure Boot");
    else if (!g_str_equal(firmware->format, "raw"))
        mvm_check_warn(check, "install OVMF's raw images too, or define with --firmware upstream",
                       "there is only firmware in %s format: %s", firmware->format, firmware->code);
    else
        mvm_check_ok(check, "%s with %s", firmware->code, firmware->vars);
}

static void
check_libvirt_network(const MvmFacts *facts, MvmCheck *check)
{
    const char *name = facts->machine->net_source;
    const char *connect = mvm_facts_connect(facts);
    g_autofree char *word = mvm_word_quote(name);
    g_autofree char *machine = mvm_word_quote(facts->machine->name);
    g_autofree char *fix = g_strdup_printf("virsh%s net-start %s; virsh%s net-autostart %s",
                                           connect, word, connect, word);
    g_autofree char *other =
        g_strdup_printf("choose another: 'macvm %s %s --network NETWORK%s', or --network user",
                        facts->defined ? "set" : "define", machine, connect);

    if (facts->network_error != NULL)
        mvm_check_fail_error(check, facts->network_error, other);
    else if (!facts->network_active)
        mvm_check_fail(check, fix, "network '%s' is not active", name);
    else
        mvm_check_ok(check, "network '%s' is active", name);
}

/* A machine that was defined with passt stays with it until it is defined again. */
static void
check_user_network(const MvmFacts *facts, MvmCheck *check)
{
    const MvmProbeAnswer *answer = mvm_probe_get(facts->probe, MVM_ASK_PASST);
    const char *remedy = NULL;
    g_autofree char *word = mvm_word_quote(facts->machine->name);
    g_autofree char *fix = NULL;

    if (!mvm_probe_applies(facts->host, MVM_ASK_PASST)) {
        mvm_check_ok(check, "user mode, by QEMU itself (this libvirt has no usable passt)");
        return;
    }
    if (answer == NULL) {
        mvm_check_skip(check, "user mode; whether passt starts was not tried");
        return;
    }
    if (answer->works) {
        mvm_check_ok(check, "user mode, by passt");
        return;
    }
    remedy = mvm_probe_remedy(MVM_ASK_PASST, answer->reason);
    if (!facts->has_passt) {
        mvm_check_warn(check, remedy, "user mode, by QEMU itself: passt does not start (%s)",
                       answer->reason);
        return;
    }
    fix = g_strdup_printf("%s; or 'macvm define %s%s' gives the machine QEMU's own network", remedy,
                          word, mvm_facts_connect(facts));
    mvm_check_fail(check, fix, "'%s' has passt for its network, which does not start (%s)",
                   facts->machine->name, answer->reason);
}

void
mvm_check_network(const MvmFacts *facts, MvmCheck *check)
{
    if (facts->machine->net_kind == MVM_NET_NETWORK)
        check_libvirt_network(facts, check);
    else if (facts->machine->net_kind == MVM_NET_BRIDGE)
        mvm_check_skip(check, "bridge '%s': only the start of the machine shows it",
                       facts->machine->net_source);
    else
        check_user_network(facts, check);
}
