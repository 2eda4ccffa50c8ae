/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/error.h"
#include "util/file.h"
#include "virt/caps.h"
#include "virt/probe-priv.h"
#include "xml/xml.h"

#include <string.h>

/* Recorded from hosts, or written after libvirt's documentation where we have no such host. */
static char *
recording(const char *name)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "fuzz", "corpus", "caps", name, NULL);
    g_autoptr(GError) error = NULL;
    char *text = mvm_file_read(path, 1024 * 1024, NULL, &error);

    g_assert_no_error(error);
    return text;
}

static MvmDomCaps *
domcaps(const char *name)
{
    g_autofree char *text = recording(name);
    g_autoptr(GError) error = NULL;
    MvmDomCaps *caps = mvm_domcaps_parse(text, &error);

    g_assert_no_error(error);
    return caps;
}

static void
test_domcaps_old(void)
{
    g_autoptr(MvmDomCaps) caps = domcaps("domcaps-9.0-tcg.xml");
    const MvmCpuModel *model = mvm_domcaps_find_model(caps, "Haswell-noTSX");

    g_assert_cmpstr(caps->emulator, ==, "/usr/bin/qemu-system-x86_64");
    g_assert_cmpstr(caps->machine, ==, "pc-q35-7.2");
    g_assert_cmpuint(g_strv_length(caps->loaders), ==, 3);
    g_assert_true(caps->efi_autoselect);
    g_assert_false(caps->backends_known);
    g_assert_false(caps->passt);
    g_assert_true(mvm_domcaps_has_video(caps, "vmvga"));
    g_assert_false(mvm_domcaps_has_video(caps, "vmvg"));
    g_assert_nonnull(model);
    g_assert_false(model->usable);
    g_assert_null(model->blockers);
    g_assert_true(mvm_domcaps_find_model(caps, "Nehalem")->usable);
    g_assert_null(mvm_domcaps_find_model(caps, "Haswell-noTSX-v9"));
}

static void
test_domcaps_blockers(void)
{
    static const char *const blockers[] = {"invpcid", "pcid", "tsc-deadline", "x2apic", NULL};
    g_autoptr(MvmDomCaps) caps = domcaps("domcaps-10.9-kvm.xml");
    const MvmCpuModel *model = mvm_domcaps_find_model(caps, "Haswell-noTSX");

    g_assert_true(g_strv_equal((const char *const *)model->blockers, blockers));
    g_assert_null(mvm_domcaps_find_model(caps, "Nehalem")->blockers);
    g_assert_false(mvm_domcaps_find_model(caps, "Penryn")->usable);
    g_assert_null(mvm_domcaps_find_model(caps, "Haswell"));
    g_assert_true(caps->backends_known);
    g_assert_false(caps->passt);
    g_assert_false(caps->efi_autoselect);
    g_assert_false(mvm_domcaps_has_video(caps, "vmvga"));
}

static void
test_domcaps_passt(void)
{
    g_autoptr(MvmDomCaps) caps = domcaps("domcaps-11.3-kvm.xml");

    g_assert_true(caps->backends_known);
    g_assert_true(caps->passt);
    g_assert_true(caps->efi_autoselect);
    g_assert_true(mvm_domcaps_find_model(caps, "Haswell-noTSX")->usable);
    g_assert_cmpstr(caps->graphics[0], ==, "vnc");
}

static void
test_domcaps_bad(void)
{
    const char *bad[] = {"", "<", "<domainCapabilities/>", "<domainCapabilities><path>/q</path>",
                         "<other><path>/q</path><machine>m</machine></other>"};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(mvm_domcaps_parse(bad[i], &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
    }
}

static void
test_capabilities(void)
{
    g_autofree char *session = recording("capabilities-9.0-session.xml");
    g_autofree char *system = recording("capabilities-9.0-system.xml");
    const char *wrong = "<capabilities><host><cpu><arch>x86_64</arch></cpu><secmodel>"
                        "<model>dac</model><baselabel type='kvm'>nobody:+1</baselabel></secmodel>"
                        "</host></capabilities>";
    g_autoptr(MvmHost) host = g_new0(MvmHost, 1);
    g_autoptr(GError) error = NULL;

    g_assert_true(mvm_caps_parse(system, host, NULL));
    g_assert_cmpint(host->qemu_uid, ==, 64055);
    g_assert_true(mvm_caps_parse(session, host, NULL));
    g_assert_cmpint(host->qemu_uid, ==, -1);
    g_assert_true(mvm_caps_parse(wrong, host, NULL));
    g_assert_cmpint(host->qemu_uid, ==, -1);
    g_assert_true(mvm_host_has_machine(host, "pc-q35-2.3"));
    g_assert_false(mvm_caps_parse("<capabilities/>", host, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
}

static void
test_machines_and_tsc(void)
{
    const char *text =
        "<capabilities><host><cpu><arch>x86_64</arch><counter name='tsc' frequency='1996249000' "
        "scaling='no'/></cpu></host><guest><arch name='i686'><machine>pc-q35-2.3</machine></arch>"
        "</guest><guest><arch name='x86_64'><machine canonical='pc-q35-7.2'>q35</machine><domain "
        "type='kvm'><machine>pc-q35-7.2</machine></domain></arch></guest></capabilities>";
    g_autoptr(MvmHost) host = g_new0(MvmHost, 1);

    g_assert_true(mvm_caps_parse(text, host, NULL));
    g_assert_cmpuint(host->tsc_frequency, ==, 1996249000);
    g_assert_true(mvm_host_has_machine(host, "q35"));
    g_assert_true(mvm_host_has_machine(host, "pc-q35-7.2"));
    g_assert_false(mvm_host_has_machine(host, "pc-q35-2.3"));
}

static void
test_missing(void)
{
    static const char *const expected[] = {"pcid",    "x2apic", "tsc-deadline",
                                           "invpcid", "invtsc", NULL};
    g_autofree char *text = recording("missing.txt");
    g_auto(GStrv) missing = mvm_caps_parse_missing(text);

    g_assert_true(g_strv_equal((const char *const *)missing, expected));
    g_assert_null(mvm_caps_parse_missing("unknown CPU model"));
    g_assert_null(mvm_caps_parse_missing("Host CPU does not provide required features: "));
    g_assert_null(mvm_caps_parse_missing("Host CPU does not provide required features: a, ,b"));
}

static void
test_firmware_vars(void)
{
    const struct {
        const char *code;
        const char *vars;
    } rows[] = {
        {"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
        {"/usr/share/OVMF/OVMF_CODE.secboot.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
        {"/usr/share/OVMF/OVMF_CODE_4M.ms.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"},
        {"/usr/share/edk2/ovmf/OVMF_CODE_4M.qcow2", "/usr/share/edk2/ovmf/OVMF_VARS_4M.qcow2"},
        {"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"},
        {"/usr/share/qemu/ovmf-x86_64-4m-code.bin", "/usr/share/qemu/ovmf-x86_64-4m-vars.bin"},
        {"/usr/share/qemu/edk2-x86_64-code.fd", "/usr/share/qemu/edk2-i386-vars.fd"},
        {"/CODE/OVMF_CODE.fd", "/CODE/OVMF_VARS.fd"},
        {"/usr/share/edk2/ovmf/OVMF.amdsev.fd", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *vars = mvm_firmware_vars_path(rows[i].code);

        g_assert_cmpstr(vars, ==, rows[i].vars);
    }
}

static void
test_firmware_choose(void)
{
    const struct {
        const char *loaders[5];
        const char *code;
        const char *format;
    } rows[] = {
        {{"/o/OVMF_CODE_4M.ms.fd", "/o/OVMF_CODE.fd", "/o/OVMF_CODE_4M.fd",
          "/o/OVMF_CODE_4M.secboot.fd"},
         "/o/OVMF_CODE_4M.fd",
         "raw"},
        {{"/o/OVMF_CODE.secboot.fd", "/o/OVMF_CODE.fd"}, "/o/OVMF_CODE.fd", "raw"},
        {{"/o/OVMF_CODE_4M.qcow2", "/o/OVMF_CODE_4M.secboot.qcow2"},
         "/o/OVMF_CODE_4M.qcow2",
         "qcow2"},
        {{"/o/OVMF_CODE_4M.qcow2", "/o/OVMF_CODE_4M.fd"}, "/o/OVMF_CODE_4M.fd", "raw"},
        {{"/o/ovmf-x86_64-smm-ms-code.bin", "/o/ovmf-x86_64-ms-4m-code.bin",
          "/o/ovmf-x86_64-4m-code.bin"},
         "/o/ovmf-x86_64-4m-code.bin",
         "raw"},
        {{"/o/OVMF_CODE_4M.snakeoil.fd", "/o/OVMF.amdsev.fd", "OVMF_CODE.fd"}, NULL, NULL},
        {{NULL}, NULL, NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MvmFirmware) firmware = mvm_firmware_choose(rows[i].loaders);

        g_assert_cmpstr(firmware != NULL ? firmware->code : NULL, ==, rows[i].code);
        g_assert_cmpstr(firmware != NULL ? firmware->format : NULL, ==, rows[i].format);
    }
}

static void
test_probe_xml(void)
{
    const MvmProbeMachine kvm = {.kvm = true, .loader = "/o/O & C.fd", .loader_format = "raw"};
    const MvmProbeMachine smc = {.applesmc = true};
    g_autofree char *first = mvm_probe_xml(&kvm, "u1");
    g_autofree char *second = mvm_probe_xml(&smc, "u2");
    g_autoptr(xmlDoc) a = mvm_xml_parse(first, strlen(first), "first", NULL);
    g_autoptr(xmlDoc) b = mvm_xml_parse(second, strlen(second), "second", NULL);
    g_autofree char *name = mvm_xml_get(a, "/domain/name");
    g_autofree char *stateless =
        mvm_xml_get(a, "/domain[@type='kvm']/os/loader[.='/o/O & C.fd']/@stateless");
    g_autofree char *argument = mvm_xml_get(
        b, "/domain[@type='qemu' and not(os/loader)]/qemu:commandline/qemu:arg[2]/@value");

    g_assert_cmpstr(name, ==, "macvm-probe-u1");
    g_assert_cmpstr(stateless, ==, "yes");
    g_assert_null(mvm_xml_get_node(a, "//qemu:arg"));
    g_assert_true(g_str_has_prefix(argument, "isa-applesmc,osk="));
    g_assert_cmpuint(strlen(argument), ==, strlen("isa-applesmc,osk=") + 64);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virt-caps/domcaps/old", test_domcaps_old);
    g_test_add_func("/virt-caps/domcaps/blockers", test_domcaps_blockers);
    g_test_add_func("/virt-caps/domcaps/passt", test_domcaps_passt);
    g_test_add_func("/virt-caps/domcaps/bad", test_domcaps_bad);
    g_test_add_func("/virt-caps/capabilities", test_capabilities);
    g_test_add_func("/virt-caps/machines-and-tsc", test_machines_and_tsc);
    g_test_add_func("/virt-caps/missing", test_missing);
    g_test_add_func("/virt-caps/firmware/vars", test_firmware_vars);
    g_test_add_func("/virt-caps/firmware/choose", test_firmware_choose);
    g_test_add_func("/virt-caps/probe", test_probe_xml);
    return g_test_run();
}
