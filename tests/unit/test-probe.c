/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Test machines: their XML, and how their answers are kept. */
#include "util/file.h"
#include "virt/probe-keep.h"
#include "virt/probe-priv.h"

#include <string.h>

#define NOW 1000000

static void
assert_golden(const char *name, const MvmProbeMachine *machine)
{
    g_autofree char *file = g_strconcat(name, ".xml", NULL);
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "golden", "probe", file, NULL);
    g_autofree char *xml = mvm_probe_xml(machine, "0c0ffee0-0000-4000-8000-000000000000");
    g_autofree char *golden = NULL;
    g_autoptr(GError) error = NULL;

    if (g_getenv("MVM_TEST_REGENERATE") != NULL)
        g_file_set_contents(path, xml, -1, &error);
    g_assert_no_error(error);
    golden = mvm_file_read(path, 65536, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(xml, ==, golden);
}

static void
test_xml(void)
{
    const MvmProbeMachine kvm = {
        .kvm = true, .loader = "/usr/share/OVMF/OVMF_CODE_4M.fd", .loader_format = "raw"};
    const MvmProbeMachine applesmc = {.applesmc = true};
    const MvmProbeMachine passt = {.passt_port = 20222};

    assert_golden("kvm", &kvm);
    assert_golden("applesmc", &applesmc);
    assert_golden("passt", &passt);
}

static MvmProbeKey
key_of_host(void)
{
    static char host[] = "h", uri[] = "qemu:///session", emulator[] = "/usr/bin/qemu";

    return (MvmProbeKey){.host = host,
                         .uri = uri,
                         .session = true,
                         .emulator = emulator,
                         .versions = {.libvirt = 11003000, .qemu = 10000013}};
}

static char *
text_of_host(void)
{
    const MvmProbeKey key = key_of_host();
    g_autoptr(MvmProbe) probe = mvm_probe_new();

    mvm_probe_set(probe, MVM_ASK_KVM, true, NULL, NOW - 10);
    mvm_probe_set(probe, MVM_ASK_PASST, false, "Cannot find\n'passt'", NOW);
    return mvm_probe_format(probe, &key);
}

static MvmProbe *
parse(const char *text, const MvmProbeKey *key)
{
    return mvm_probe_parse(text, strlen(text), key, NOW);
}

static guint
count(const char *text, const MvmProbeKey *key)
{
    g_autoptr(MvmProbe) probe = parse(text, key);
    guint known = 0;

    for (int i = 0; i < MVM_ASK_COUNT; i++)
        known += mvm_probe_get(probe, (MvmProbeQuestion)i) != NULL;
    return known;
}

static void
test_keep(void)
{
    const MvmProbeKey key = key_of_host();
    g_autofree char *text = text_of_host();
    g_autoptr(MvmProbe) probe = parse(text, &key);
    const MvmProbeAnswer *kvm = mvm_probe_get(probe, MVM_ASK_KVM);
    const MvmProbeAnswer *passt = mvm_probe_get(probe, MVM_ASK_PASST);

    g_assert_true(kvm->works);
    g_assert_null(kvm->reason);
    g_assert_cmpint(kvm->asked, ==, NOW - 10);
    g_assert_false(passt->works);
    g_assert_cmpstr(passt->reason, ==, "Cannot find 'passt'");
    g_assert_null(mvm_probe_get(probe, MVM_ASK_APPLESMC));
}

/* Whatever of the host changes, nothing that was found out before holds. */
static void
test_other_host(void)
{
    static char other[] = "other";
    g_autofree char *text = text_of_host();
    MvmProbeKey keys[6];

    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        keys[i] = key_of_host();
    keys[0].host = other;
    keys[1].uri = other;
    keys[2].session = false;
    keys[3].emulator = other;
    keys[4].versions.libvirt++;
    keys[5].versions.qemu++;
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        g_assert_cmpuint(count(text, &keys[i]), ==, 0);
}

static char *
edited(const char *from, const char *to)
{
    g_autofree char *text = text_of_host();
    g_auto(GStrv) parts = g_strsplit(text, from, -1);

    g_assert_cmpuint(g_strv_length(parts), >, 1);
    return g_strjoinv(to, parts);
}

static void
test_damaged(void)
{
    static const struct {
        const char *from, *to;
        guint left; /* of two answers */
    } edits[] = {
        {"[host]", "[hos]", 0},
        {"[host]", "[host", 0},
        {"[kvm]", "[kvm]\n\n\n[kv", 0},
        {"session=true", "session=maybe", 0},
        {"libvirt=11003000", "libvirt=", 0},
        {"h\n", "h\xff\n", 0},
        {"works=true", "works=yes", 1},
        {"works=false", "works=", 1},
        {"asked=999990", "asked=1000001", 1},
        {"asked=999990", "asked=-1", 1},
        {"asked=999990", "asked=99999999999999999999", 1},
        {"reason=Cannot", "reason=\x1b[2J", 1},
        {"reason=Cannot", "reason=\\n", 1},
        {"reason=Cannot find 'passt'", "reason=", 1},
        {"reason=Cannot", "reason=\xe2\x80\xae", 1},
    };
    const MvmProbeKey key = key_of_host();

    for (size_t i = 0; i < G_N_ELEMENTS(edits); i++) {
        g_autofree char *text = edited(edits[i].from, edits[i].to);

        g_assert_cmpuint(count(text, &key), ==, edits[i].left);
    }
}

static void
test_bounds(void)
{
    const MvmProbeKey key = key_of_host();
    g_autoptr(MvmProbe) probe = mvm_probe_new();
    g_autofree char *reason = g_strnfill(100000, 'x');
    g_autofree char *text = NULL, *padding = NULL, *large = NULL;

    mvm_probe_set(probe, MVM_ASK_APPLESMC, false, reason, NOW);
    text = mvm_probe_format(probe, &key);
    g_assert_cmpuint(strlen(text), <, 2048);
    g_assert_cmpuint(count(text, &key), ==, 1);
    padding = g_strnfill(MVM_PROBE_KEEP_MAX, '\n');
    large = g_strconcat(text, padding, NULL);
    g_assert_cmpuint(count(large, &key), ==, 0);
    g_assert_cmpuint(count("", &key), ==, 0);
}

static void
test_remedy(void)
{
    g_assert_nonnull(strstr(
        mvm_probe_remedy(MVM_ASK_PASST, "Cannot find 'passt' in path: No such file or directory"),
        "install the package passt"));
    g_assert_nonnull(strstr(
        mvm_probe_remedy(MVM_ASK_PASST, "passt: Couldn't create user namespace: Operation not"),
        "user.max_user_namespaces"));
    g_assert_nonnull(strstr(
        mvm_probe_remedy(MVM_ASK_APPLESMC, "'isa-applesmc' is not a valid device model name"),
        "install a QEMU"));
    g_assert_null(
        strstr(mvm_probe_remedy(MVM_ASK_APPLESMC, "monitor socket: comma in its path"), "install"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/probe/xml", test_xml);
    g_test_add_func("/probe/keep", test_keep);
    g_test_add_func("/probe/other-host", test_other_host);
    g_test_add_func("/probe/damaged", test_damaged);
    g_test_add_func("/probe/bounds", test_bounds);
    g_test_add_func("/probe/remedy", test_remedy);
    return g_test_run();
}
