/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The doctor's checks on recorded hosts (tests/data/hosts) and made-up facts. */
#include "host/check.h"
#include "util/error.h"

#include <string.h>
#include <sys/stat.h>

static MvmKernel *
load(const char *host)
{
    g_autofree char *root = g_test_build_filename(G_TEST_DIST, "data", "hosts", host, NULL);

    g_assert_true(g_file_test(root, G_FILE_TEST_IS_DIR));
    return mvm_kernel_read(root, -1);
}

/* A host in good order, 32 GiB and 16 CPUs, with the files of a recorded one. */
static MvmFacts *
facts_new(const char *host)
{
    MvmFacts *facts = g_new0(MvmFacts, 1);
    g_autoptr(MvmOptions) options = mvm_options_new();
    const MvmHostLimits any = {0};

    facts->machine = mvm_machine_new("macos", options, &any, NULL);
    facts->uri = g_strdup("qemu:///system");
    facts->kernel = load(host);
    facts->host = g_new0(MvmHost, 1);
    facts->host->memory = UINT64_C(32) << 30;
    facts->host->cpus = 16;
    facts->host->versions.libvirt = 11003000;
    facts->host->versions.qemu = 9002000;
    facts->host->qemu_uid = 64055;
    facts->host->kvm = g_new0(MvmDomCaps, 1);
    facts->host->kvm->emulator = g_strdup("/usr/bin/qemu-system-x86_64");
    facts->host->kvm->machine = g_strdup("pc-q35-9.2");
    facts->host->kvm->cpu_models = g_ptr_array_new();
    facts->probe = mvm_probe_new();
    mvm_probe_set(facts->probe, MVM_ASK_KVM, true, NULL, 1);
    mvm_probe_set(facts->probe, MVM_ASK_APPLESMC, true, NULL, 1);
    facts->pool_name = g_strdup("macvm");
    facts->pool_path = g_strdup("/var/lib/libvirt/images/macvm");
    facts->pool_exists = facts->pool_active = facts->space_known = true;
    facts->space = UINT64_C(500) << 30;
    facts->opencore.found = facts->osk.found = facts->recovery.found = true;
    facts->opencore.detail = g_strdup("here");
    facts->osk.detail = g_strdup("here");
    facts->recovery.detail = g_strdup("here");
    return facts;
}

/* The check called id over facts must have status and say text. */
static void
assert_check(const MvmFacts *facts, const char *id, MvmCheckStatus status, const char *text)
{
    g_autoptr(GPtrArray) checks = mvm_checks_run(facts);
    const MvmCheck *found = NULL;

    for (guint i = 0; i < checks->len; i++) {
        const MvmCheck *check = checks->pdata[i];

        g_assert_nonnull(check->message);
        g_assert_true((check->fix != NULL) ==
                      (check->status == MVM_CHECK_WARN || check->status == MVM_CHECK_FAIL));
        if (g_str_equal(check->id, id))
            found = check;
    }
    g_assert_nonnull(found);
    if (found->status != status || strstr(found->message, text) == NULL)
        g_error("%s: %s, '%s'", id, mvm_check_status_name(found->status), found->message);
}

static void
test_amd(void)
{
    g_autoptr(MvmFacts) tsc = facts_new("amd-tsc");
    g_autoptr(MvmFacts) hpet = facts_new("amd-hpet");

    g_assert_cmpint(tsc->kernel->vendor, ==, MVM_CPU_AMD);
    g_assert_cmpstr(tsc->kernel->cpu_model, ==, "AMD Ryzen 9 5950X 16-Core Processor");
    g_assert_cmpstr(tsc->kernel->os_family, ==, "fedora");
    g_assert_true(tsc->kernel->kvm_loaded);
    assert_check(tsc, "virtualization", MVM_CHECK_OK, "AMD-V");
    assert_check(tsc, "cpu-features", MVM_CHECK_OK, "avx2");
    assert_check(tsc, "clocksource", MVM_CHECK_OK, "tsc");
    assert_check(hpet, "clocksource", MVM_CHECK_WARN, "hpet instead of tsc");
}

static void
test_intel(void)
{
    g_autoptr(MvmFacts) facts = facts_new("intel");

    g_assert_cmpint(facts->kernel->vendor, ==, MVM_CPU_INTEL);
    g_assert_cmpstr(facts->kernel->os_family, ==, "linuxmint ubuntu debian");
    assert_check(facts, "virtualization", MVM_CHECK_OK, "VT-x");
    assert_check(facts, "cpu-features", MVM_CHECK_FAIL,
                 "cannot run macOS 14 (Sonoma): its CPU lacks avx2");
    facts->machine->os = mvm_os_find("monterey", NULL);
    assert_check(facts, "cpu-features", MVM_CHECK_OK, "macOS 12");
    /* A CPU that is emulated has nothing to do with the host's. */
    facts->machine->os = mvm_os_find("sonoma", NULL);
    facts->want_tcg = true;
    assert_check(facts, "cpu-features", MVM_CHECK_SKIP, "its CPU is emulated");
    facts->missing_features = g_new0(char *, 1);
    assert_check(facts, "cpu-features", MVM_CHECK_OK, "the emulated CPU has");
    g_clear_pointer(&facts->missing_features, g_strfreev);
    facts->want_tcg = false;
    facts->machine->os = mvm_os_find("monterey", NULL);
    /* libvirt's own word goes before what /proc/cpuinfo says. */
    facts->missing_features = g_strsplit("sse4.2", " ", -1);
    assert_check(facts, "cpu-features", MVM_CHECK_FAIL, "lacks sse4.2");
}

static void
assert_screen(MvmFacts *facts, MvmCheckStatus status, const char *text)
{
    g_autoptr(MvmCheck) check = mvm_check_one(facts, "screen");

    g_assert_cmpint(check->status, ==, status);
    g_assert_nonnull(strstr(check->message, text));
    g_assert_true((check->fix != NULL) == (status == MVM_CHECK_WARN));
}

static void
test_screen(void)
{
    g_autoptr(MvmFacts) facts = facts_new("amd-tsc");

    facts->defined = false;
    assert_screen(facts, MVM_CHECK_SKIP, "not defined yet");
    facts->defined = true;
    assert_screen(facts, MVM_CHECK_OK, "not open");
    facts->screen = g_strdup("0.0.0.0");
    assert_screen(facts, MVM_CHECK_WARN, "open to the network ('0.0.0.0')");
}

static void
test_ignore_msrs(void)
{
    g_autoptr(MvmFacts) off = facts_new("amd-tsc");
    g_autoptr(MvmFacts) on = facts_new("intel");
    g_autoptr(MvmFacts) none = facts_new("no-kvm");

    assert_check(off, "ignore-msrs", MVM_CHECK_FAIL, "off");
    assert_check(on, "ignore-msrs", MVM_CHECK_OK, "after a restart");
    on->kernel->ignore_stored = false;
    assert_check(on, "ignore-msrs", MVM_CHECK_WARN, "only until");
    g_assert_true(none->kernel->ignore_stored);
    assert_check(none, "ignore-msrs", MVM_CHECK_SKIP, "not loaded");
    off->want_tcg = true;
    assert_check(off, "ignore-msrs", MVM_CHECK_SKIP, "without KVM");
}

static void
test_stored_option(void)
{
    static const struct {
        const char *line;
        bool on;
    } lines[] = {
        {MVM_KVM_CONF ":options kvm ignore_msrs=1", true},
        {MVM_KVM_CONF ":options kvm report_ignored_msrs=0 ignore_msrs=Y", true},
        {MVM_KVM_CONF ":  # options kvm ignore_msrs=1", false},
        {MVM_KVM_CONF ":options kvm ignore_msrs=0", false},
        {MVM_KVM_CONF ":options kvm report_ignore_msrs=1", false},
        {MVM_KVM_CONF ":options kvm ignore_msrs=", false},
        {"/proc/cmdline:quiet kvm.ignore_msrs=1", true},
        {"/proc/cmdline:quiet kvm.ignore_msrs=N", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(MvmKernel) kernel = mvm_kernel_parse(lines[i].line);

        g_assert_cmpint(kernel->ignore_stored, ==, lines[i].on);
    }
}

static void
test_kvm_device(void)
{
    static const struct {
        const char *text;
        int64_t uid;
        bool allowed;
    } nodes[] = {
        {"kvm-node 660 0 108\ngroups 64055 108", 64055, true},
        {"kvm-node 660 0 108\ngroups 64055", 64055, false},
        {"kvm-node 666 0 0", 64055, true},
        {"kvm-node 600 0 0", 64055, false},
        {"kvm-node 600 0 0", 0, true},
        {"kvm-node 600 64055 0", 64055, true},
        {"kvm-node 060 64055 108\ngroups 108", 64055, false},
        {"kvm-node 600 0 0", -1, false},
        {"kvm-node 660 0 108\nkvm-open", -1, true},
        {"kvm-node nonsense", 64055, false},
        {"kvm-node 666 0", 64055, false},
        {"", -1, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(nodes); i++) {
        g_autoptr(MvmKernel) kernel = mvm_kernel_parse(nodes[i].text);

        if (mvm_kernel_kvm_allows(kernel, nodes[i].uid) != nodes[i].allowed)
            g_error("'%s' for %d", nodes[i].text, (int)nodes[i].uid);
    }
}

/* Membership in a group that may not open the device would mend nothing. */
static void
test_kvm_device_fix(void)
{
    static const struct {
        const char *text;
        bool has_chown;
    } nodes[] = {{"kvm-node 660 0 108", false}, {"kvm-node 600 0 0", true}};

    for (size_t i = 0; i < G_N_ELEMENTS(nodes); i++) {
        g_autoptr(MvmFacts) facts = facts_new("amd-tsc");
        g_autoptr(MvmCheck) check = NULL;

        mvm_kernel_free(facts->kernel);
        facts->kernel = mvm_kernel_parse(nodes[i].text);
        facts->host->qemu_uid = -1;
        facts->session = true;
        check = mvm_check_one(facts, "kvm-device");
        g_assert_cmpint(check->status, ==, MVM_CHECK_WARN);
        g_assert_true((strstr(check->fix, "chown root:kvm") != NULL) == nodes[i].has_chown);
        g_assert_nonnull(strstr(check->fix, "usermod -aG kvm "));
        g_assert_nonnull(strstr(check->fix, g_get_user_name()));
    }
}

static void
assert_fix(const MvmFacts *facts, const char *id, const char *text)
{
    g_autoptr(MvmCheck) check = mvm_check_one(facts, id);

    g_assert_nonnull(strstr(check->fix, text));
}

static void
test_no_kvm(void)
{
    g_autoptr(MvmFacts) facts = facts_new("no-kvm");

    assert_check(facts, "virtualization", MVM_CHECK_OK, "KVM that works");
    mvm_probe_set(facts->probe, MVM_ASK_KVM, false, "it stopped", 2);
    assert_check(facts, "virtualization", MVM_CHECK_WARN, "virtual machine itself");
    assert_check(facts, "kvm", MVM_CHECK_FAIL, "it stopped");
    assert_check(facts, "kvm-device", MVM_CHECK_WARN, "no /dev/kvm");
    facts->kernel->kvm_node = true; /* udev's, closed, and of a module that is not there */
    assert_check(facts, "kvm-device", MVM_CHECK_SKIP, "KVM is off");
    facts->want_tcg = true;
    assert_check(facts, "kvm", MVM_CHECK_WARN, "does without it");
}

static void
test_versions(void)
{
    g_autoptr(MvmFacts) facts = facts_new("amd-tsc");

    assert_check(facts, "libvirt", MVM_CHECK_OK, "libvirt 11.3.0, without dependable snapshots");
    facts->host->versions.libvirt = 12000000;
    assert_check(facts, "libvirt", MVM_CHECK_OK, "libvirt 12.0.0");
    facts->host->versions.libvirt = 8000000;
    assert_check(facts, "libvirt", MVM_CHECK_FAIL, "too old");
    facts->host->versions.qemu = 7002000;
    assert_check(facts, "qemu", MVM_CHECK_OK, "QEMU 7.2.0, without virtio sound");
    facts->host->versions.qemu = 5002000;
    assert_check(facts, "qemu", MVM_CHECK_WARN, "5.2.0");
    mvm_probe_set(facts->probe, MVM_ASK_APPLESMC, false, "'isa-applesmc' is not a valid device", 2);
    assert_check(facts, "applesmc", MVM_CHECK_FAIL, "'isa-applesmc' is not a valid device");
    assert_fix(facts, "applesmc", "install a QEMU that has isa-applesmc");
    mvm_probe_set(facts->probe, MVM_ASK_APPLESMC, false, "the monitor's path has a comma", 3);
    assert_check(facts, "applesmc", MVM_CHECK_FAIL, "has a comma");
    assert_fix(facts, "applesmc", "journalctl");
}

static void
test_size(void)
{
    g_autoptr(MvmFacts) facts = facts_new("amd-tsc");

    assert_check(facts, "memory", MVM_CHECK_OK, "32 GiB");
    assert_check(facts, "cpus", MVM_CHECK_OK, "16 logical");
    facts->host->memory = UINT64_C(8) << 30;
    facts->host->cpus = 4;
    assert_check(facts, "memory", MVM_CHECK_OK, "makes less");
    assert_check(facts, "cpus", MVM_CHECK_OK, "makes less");
    facts->defined = facts->system_disk.found = true;
    facts->system_disk.detail = g_strdup("here");
    assert_check(facts, "memory", MVM_CHECK_FAIL, "'macos' has 16 GiB");
    assert_check(facts, "cpus", MVM_CHECK_WARN, "'macos' has 12");
}

static void
test_space(void)
{
    g_autoptr(MvmFacts) facts = facts_new("amd-tsc");

    assert_check(facts, "space", MVM_CHECK_OK, "500 GiB free");
    facts->space = UINT64_C(40) << 30;
    assert_check(facts, "space", MVM_CHECK_WARN, "may grow by 80 GiB");
    facts->system_allocation = UINT64_C(60) << 30;
    assert_check(facts, "space", MVM_CHECK_OK, "40 GiB free");
    facts->recovery.found = false;
    assert_check(facts, "recovery", MVM_CHECK_OK, "none needed");
    facts->system_allocation = 0;
    facts->recovery.problem = g_strdup("no volume");
    facts->recovery.fix = g_strdup("macvm fetch 14");
    assert_check(facts, "recovery", MVM_CHECK_WARN, "no volume");
    facts->space = UINT64_C(1) << 30;
    assert_check(facts, "space", MVM_CHECK_FAIL, "too little");
    facts->closed_dir = g_strdup("/home/joe");
    assert_check(facts, "image-access", MVM_CHECK_FAIL, "uid 64055) may not enter /home/joe");
}

static void
test_network(void)
{
    g_autoptr(MvmFacts) facts = facts_new("amd-tsc");

    assert_check(facts, "network", MVM_CHECK_OK, "no usable passt");
    facts->host->kvm->passt = true;
    assert_check(facts, "network", MVM_CHECK_SKIP, "not tried");
    mvm_probe_set(facts->probe, MVM_ASK_PASST, true, NULL, 1);
    assert_check(facts, "network", MVM_CHECK_OK, "by passt");
    mvm_probe_set(facts->probe, MVM_ASK_PASST, false, "Cannot find 'passt' in path", 2);
    assert_check(facts, "network", MVM_CHECK_WARN, "by QEMU itself: passt does not start (Cannot");
    assert_fix(facts, "network", "install the package passt");
    facts->has_passt = true;
    assert_check(facts, "network", MVM_CHECK_FAIL, "'macos' has passt");
    assert_fix(facts, "network", "'macvm define macos'");
    facts->host->versions.libvirt = 9000000;
    assert_check(facts, "network", MVM_CHECK_OK, "no usable passt");
    facts->machine->net_kind = MVM_NET_NETWORK;
    facts->machine->net_source = g_strdup("default");
    assert_check(facts, "network", MVM_CHECK_FAIL, "not active");
    facts->network_active = true;
    assert_check(facts, "network", MVM_CHECK_OK, "'default' is active");
}

/* Without libvirt all that needs it is passed over, and nothing crashes. */
static void
test_no_connection(void)
{
    g_autoptr(MvmFacts) facts = facts_new("intel");

    g_clear_pointer(&facts->host, mvm_host_free);
    g_clear_pointer(&facts->probe, mvm_probe_free);
    g_set_error_literal(&facts->host_error, MVM_ERROR, MVM_ERROR_HOST, "no emulator");
    assert_check(facts, "emulator", MVM_CHECK_FAIL, "no emulator");
    assert_check(facts, "kvm", MVM_CHECK_SKIP, "without an emulator");
    g_set_error_literal(&facts->connection_error, MVM_ERROR, MVM_ERROR_HOST, "nobody answers");
    assert_check(facts, "libvirt", MVM_CHECK_FAIL, "nobody answers");
    assert_check(facts, "emulator", MVM_CHECK_SKIP, "no connection");
    assert_check(facts, "pool", MVM_CHECK_SKIP, "no connection");
    assert_check(facts, "clocksource", MVM_CHECK_OK, "tsc");
    g_clear_pointer(&facts->kernel, mvm_kernel_free);
    assert_check(facts, "clocksource", MVM_CHECK_SKIP, "does not go through ssh");
    assert_check(facts, "cpu-features", MVM_CHECK_SKIP, "KVM");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/amd", test_amd);
    g_test_add_func("/intel", test_intel);
    g_test_add_func("/screen", test_screen);
    g_test_add_func("/ignore-msrs", test_ignore_msrs);
    g_test_add_func("/stored-option", test_stored_option);
    g_test_add_func("/kvm-device", test_kvm_device);
    g_test_add_func("/kvm-device-fix", test_kvm_device_fix);
    g_test_add_func("/no-kvm", test_no_kvm);
    g_test_add_func("/versions", test_versions);
    g_test_add_func("/size", test_size);
    g_test_add_func("/space", test_space);
    g_test_add_func("/network", test_network);
    g_test_add_func("/no-connection", test_no_connection);
    return g_test_run();
}
