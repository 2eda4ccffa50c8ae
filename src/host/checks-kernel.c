/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/check.h"

#include "util/size.h"
#include "util/words.h"

/* "this machine", or the libvirt host's name. */
static const char *
host_name(const MvmFacts *facts)
{
    return facts->host_name != NULL ? facts->host_name : "this machine";
}

static bool
kvm_is_proved(const MvmFacts *facts)
{
    const MvmProbeAnswer *answer = mvm_probe_get(facts->probe, MVM_ASK_KVM);

    return answer != NULL && answer->works;
}

void
mvm_check_virtualization(const MvmFacts *facts, MvmCheck *check)
{
    const MvmKernel *kernel = facts->kernel;
    const char *model = kernel->cpu_model != NULL ? kernel->cpu_model : "CPU of unknown model";

    if (kernel->flags[0] == NULL)
        mvm_check_skip(check, "/proc/cpuinfo tells no flags");
    else if (mvm_kernel_has_virtualization(kernel))
        mvm_check_ok(check, "%s with %s", model,
                     mvm_kernel_has_flag(kernel, "svm") ? "AMD-V" : "VT-x");
    else if (kvm_is_proved(facts))
        mvm_check_ok(check, "%s without VT-x or AMD-V, but with a KVM that works", model);
    else
        mvm_check_warn(check,
                       mvm_kernel_has_flag(kernel, "hypervisor")
                           ? "turn on nested virtualization for that machine on its own host"
                           : "turn on VT-x or AMD-V (SVM) in the host's firmware",
                       "%s without VT-x or AMD-V%s", model,
                       mvm_kernel_has_flag(kernel, "hypervisor")
                           ? "; the host is a virtual machine itself"
                           : "");
}

static char *
access_fix(const MvmFacts *facts)
{
    const MvmKernel *kernel = facts->kernel;
    const char *open_it = "sudo chown root:kvm /dev/kvm; sudo chmod 0660 /dev/kvm";
    bool for_group = kernel->kvm_gid != 0 && (kernel->kvm_mode & 0060) == 0060;
    /* Whose session it is, only a connection to this machine tells. */
    g_autofree char *user =
        facts->host_name == NULL ? mvm_word_quote(g_get_user_name()) : g_strdup("USER");

    if (!facts->session)
        return g_strdup_printf("%s (on %s)", open_it, host_name(facts));
    return g_strdup_printf("add the user to the group of /dev/kvm on %s ('%s%ssudo usermod -aG kvm "
                           "%s'), then log in anew",
                           host_name(facts), for_group ? "" : open_it, for_group ? "" : "; ", user);
}

void
mvm_check_kvm_device(const MvmFacts *facts, MvmCheck *check)
{
    const MvmKernel *kernel = facts->kernel;
    int64_t uid = facts->host != NULL ? facts->host->qemu_uid : -1;
    g_autofree char *fix = access_fix(facts);

    if (facts->connection_error != NULL)
        uid = -1;
    if (!kernel->kvm_node)
        mvm_check_warn(check,
                       "load the module: 'sudo modprobe kvm_intel' or 'sudo modprobe kvm_amd'",
                       "there is no /dev/kvm on %s", host_name(facts));
    else if (mvm_kernel_kvm_allows(kernel, uid))
        mvm_check_ok(check, "/dev/kvm is open to the user that QEMU runs as");
    else if (kernel->flags[0] != NULL && !mvm_kernel_has_virtualization(kernel))
        mvm_check_skip(check,
                       "KVM is off: see 'virtualization'"); /* udev creates the node anyway */
    else
        mvm_check_warn(check, fix, "/dev/kvm (mode %04o, group %u) is closed to %s%s",
                       kernel->kvm_mode, kernel->kvm_gid,
                       facts->session ? "your user" : "the user that QEMU runs as",
                       facts->session ? ""
                                      : "; libvirt then asks QEMU anew at each call, which "
                                        "takes seconds");
}

/* Those of MVM_CPU_FEATURES that /proc/cpuinfo does not have. libvirt says "sse4.2" where the
 * kernel says "sse4_2". The caller frees. */
static char **
missing_flags(const MvmKernel *kernel)
{
    g_auto(GStrv) wanted = g_strsplit(MVM_CPU_FEATURES, " ", -1);
    GPtrArray *missing = g_ptr_array_new();

    for (char **name = wanted; *name != NULL; name++) {
        g_autofree char *flag = g_strdelimit(g_strdup(*name), ".", '_');

        if (!mvm_kernel_has_flag(kernel, flag))
            g_ptr_array_add(missing, g_strdup(*name));
    }
    g_ptr_array_add(missing, NULL);
    return (char **)g_ptr_array_free(missing, FALSE);
}

static void
conclude_features(const MvmFacts *facts, char **missing, MvmCheck *check)
{
    const MvmOs *os = facts->machine->os;
    MvmVersions versions = facts->host != NULL ? facts->host->versions : (MvmVersions){0};
    const char *const *lacks = (const char *const *)missing;
    g_autofree char *obstacle = mvm_os_find_obstacle(os, &versions, lacks);
    const MvmOs *nearest = NULL;
    g_autofree char *fix = NULL;

    if (obstacle == NULL) {
        mvm_check_ok(check, "the %sCPU has what macOS %s needs (%s)",
                     facts->want_tcg ? "emulated " : "", os->id, os->needs);
        return;
    }
    nearest = mvm_os_find_nearest(os, &versions, lacks);
    fix = nearest == NULL ? g_strdup("use another host, or bring this one up to date")
                          : g_strdup_printf("macOS %s (%s) works here: --os %s", nearest->id,
                                            nearest->title, nearest->id);
    mvm_check_fail(check, fix, "%s cannot run macOS %s (%s): %s", host_name(facts), os->id,
                   os->title, obstacle);
}

void
mvm_check_cpu_features(const MvmFacts *facts, MvmCheck *check)
{
    if (facts->missing_features != NULL) {
        conclude_features(facts, facts->missing_features, check);
    } else if (facts->want_tcg && facts->features_error == NULL) {
        mvm_check_skip(check, "'%s' does without KVM: its CPU is emulated", facts->machine->name);
    } else if (!facts->want_tcg && facts->kernel != NULL && facts->kernel->flags[0] != NULL) {
        g_auto(GStrv) missing = missing_flags(facts->kernel);

        conclude_features(facts, missing, check);
    } else {
        mvm_check_skip(check, "%s",
                       facts->features_error != NULL
                           ? facts->features_error->message
                           : "libvirt compares CPUs only where it has KVM");
    }
}

void
mvm_check_cpus(const MvmFacts *facts, MvmCheck *check)
{
    unsigned wanted = mvm_machine_vcpus(facts->machine), has = facts->host->cpus;
    MvmTopology fits = {.sockets = 1, .cores = has + 1, .threads = 1};
    g_autofree char *word = mvm_word_quote(facts->machine->name);
    g_autofree char *fix = NULL;

    if (!mvm_topology_find_below(&fits, &fits))
        fits.cores = 1;
    fix = g_strdup_printf("macvm %s %s --sockets 1 --cores %u --threads 1%s",
                          facts->defined ? "set" : "define", word, fits.cores,
                          mvm_facts_connect(facts));
    if (has >= wanted)
        mvm_check_ok(check, "%u logical CPUs, '%s' has %u", has, facts->machine->name, wanted);
    else if (facts->defined)
        mvm_check_warn(check, fix, "%u logical CPUs, but '%s' has %u", has, facts->machine->name,
                       wanted);
    else
        mvm_check_ok(check, "%u logical CPUs: 'macvm define' makes less of the %u of the default",
                     has, wanted);
}

void
mvm_check_memory(const MvmFacts *facts, MvmCheck *check)
{
    const MvmOs *os = facts->machine->os;
    uint64_t wanted = facts->machine->memory, has = facts->host->memory;
    g_autofree char *wants = mvm_size_format(wanted);
    g_autofree char *size = mvm_size_format(has);
    g_autofree char *word = mvm_word_quote(facts->machine->name);
    g_autofree char *fix =
        g_strdup_printf("macvm set %s --memory SIZE%s", word, mvm_facts_connect(facts));

    if (has > wanted && wanted < (uint64_t)os->least_memory << 30)
        mvm_check_warn(check, fix, "%s, but '%s' has only %s: macOS %s needs %u GiB", size,
                       facts->machine->name, wants, os->id, os->least_memory);
    else if (has > wanted)
        mvm_check_ok(check, "%s, '%s' has %s", size, facts->machine->name, wants);
    else if (facts->defined)
        mvm_check_fail(check, fix, "%s, but '%s' has %s", size, facts->machine->name, wants);
    else
        mvm_check_ok(check, "%s: 'macvm define' makes less of the %s of the default", size, wants);
}

/* With several processors macOS needs a clock that is the same on all of them: the TSC, or what
 * the host of this host makes of it (kvm-clock, Hyper-V's). quickemu and dockur tell of hangs on
 * AMD hosts whose kernel has fallen back to hpet or acpi_pm. */
void
mvm_check_clocksource(const MvmFacts *facts, MvmCheck *check)
{
    const MvmKernel *kernel = facts->kernel;
    const char *source = kernel->clocksource;

    if (source == NULL)
        mvm_check_skip(check, "the kernel does not tell its clock source");
    else if (g_str_equal(source, "tsc") || g_str_equal(source, "kvm-clock") ||
             g_str_has_prefix(source, "hyperv"))
        mvm_check_ok(check, "%s", source);
    else
        mvm_check_warn(check,
                       "add 'tsc=reliable' to the host's kernel command line if its CPUs' TSCs are "
                       "in step, or give the machine one core",
                       "%s instead of tsc: macOS with more than one core may hang or be slow",
                       source);
}

void
mvm_check_ignore_msrs(const MvmFacts *facts, MvmCheck *check)
{
    const MvmKernel *kernel = facts->kernel;
    g_autofree char *setup = g_strdup_printf("macvm setup%s", mvm_facts_connect(facts));
    const char *fix = setup;

    if (kernel->ignore_fixed && kernel->ignore_stored)
        fix = "start the host anew: its kernel takes ignore_msrs only when KVM is loaded";
    else if (facts->host_name != NULL)
        fix = "run on the host: echo 1 | sudo tee " MVM_KVM_IGNORE_MSRS
              "; echo 'options kvm ignore_msrs=1' | sudo tee " MVM_KVM_CONF;
    if (facts->want_tcg)
        mvm_check_skip(check, "'%s' does without KVM", facts->machine->name);
    else if (kernel->ignore_msrs == 0)
        mvm_check_skip(check, "the module kvm is not loaded");
    else if (kernel->ignore_msrs == 'Y' && kernel->ignore_stored)
        mvm_check_ok(check, "on, also after a restart of the host");
    else if (kernel->ignore_msrs == 'Y')
        mvm_check_warn(check, fix, "on, but only until the host's next start");
    else
        mvm_check_fail(check, fix, "off: macOS dies at the first unknown MSR that it reads");
}
