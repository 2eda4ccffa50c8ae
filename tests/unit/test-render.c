/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Renderings compared with golden files (tests/golden/render); MVM_TEST_REGENERATE=1 writes them.
 */
#include "machine/machine.h"
#include "util/command.h"
#include "virt/caps.h"
#include "virt/render.h"
#include "xml/xml.h"

#include <glib/gstdio.h>

/* 64 characters that are nobody's secret. */
#define MADE_UP_OSK "made-up words for a test, half 1made-up words for a test, half 2"

static MvmMachine *
machine_with(const char *const *settings)
{
    g_autoptr(MvmOptions) options = mvm_options_new();
    MvmHostLimits limits = {.memory = UINT64_C(64) << 30, .cpus = 32};
    MvmMachine *machine = NULL;

    for (; settings != NULL && settings[0] != NULL; settings += 2) {
        g_autoptr(GError) error = NULL;

        mvm_options_set(options, mvm_option_find(settings[0]), settings[1], &error);
        g_assert_no_error(error);
    }
    machine = mvm_machine_new("macos", options, &limits, NULL);
    machine->uuid = g_strdup("c0ffee00-0000-4000-8000-000000000001");
    machine->mac = g_strdup("52:54:00:c9:18:27");
    machine->loader = g_strdup("/usr/share/OVMF/OVMF_CODE_4M.fd");
    machine->nvram_template = g_strdup("/usr/share/OVMF/OVMF_VARS_4M.fd");
    machine->osk = g_strdup(MADE_UP_OSK);
    machine->opencore_path = g_strdup("/pool/macos-opencore.qcow2");
    machine->opencore_format = g_strdup("qcow2");
    machine->recovery_path = g_strdup("/pool/macos-recovery.qcow2");
    machine->system_path = g_strdup("/pool/macos.qcow2");
    return machine;
}

static void
assert_golden(const char *name, const char *actual)
{
    g_autofree char *file = g_strconcat(name, ".xml", NULL);
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "golden", "render", file, NULL);
    g_autofree char *expected = NULL;

    if (g_getenv("MVM_TEST_REGENERATE") != NULL)
        g_assert_true(g_file_set_contents(path, actual, -1, NULL));
    g_assert_true(g_file_get_contents(path, &expected, NULL, NULL));
    g_assert_cmpstr(actual, ==, expected);
}

/* By libvirt's own schema, where its tool is installed. */
static void
assert_valid(const char *xml)
{
    g_autofree char *validate = g_find_program_in_path("virt-xml-validate");
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    int fd = g_file_open_tmp("macvm-XXXXXX.xml", &path, NULL);
    const char *argv[] = {"virt-xml-validate", path, "domain", NULL};

    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(path, xml, -1, NULL));
    if (validate != NULL) {
        g_free(mvm_command_run(argv, &error));
        g_assert_no_error(error);
    }
    g_unlink(path);
}

typedef struct {
    const char *name;
    const char *const *settings;
    void (*change)(MvmMachine *machine);
} Case;

static void
without_recovery(MvmMachine *machine)
{
    g_clear_pointer(&machine->recovery_path, g_free);
}

static void
passt(MvmMachine *machine)
{
    machine->net_kind = MVM_NET_PASST;
}

static void
with_invtsc(MvmMachine *machine)
{
    machine->invtsc = true;
    machine->tsc_frequency = 1996249000;
}

static void
bare(MvmMachine *machine)
{
    g_clear_pointer(&machine->osk, g_free);
    g_clear_pointer(&machine->opencore_path, g_free);
    g_clear_pointer(&machine->recovery_path, g_free);
    machine->versions.qemu = MVM_VERSION(6, 0, 0);
}

static void
awkward(MvmMachine *machine)
{
    g_free(machine->name);
    machine->name = g_strdup("Jürgen's <Mac> & \"more\"");
    g_free(machine->system_path);
    machine->system_path = g_strdup("/pool/Jürgen's Mac & more.qcow2");
}

#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
test_golden(gconstpointer data)
{
    const Case *c = data;
    g_autoptr(MvmMachine) machine = machine_with(c->settings);
    g_autoptr(GError) error = NULL;
    g_autoptr(xmlDoc) doc = NULL;
    g_autofree char *text = NULL;

    if (c->change != NULL)
        c->change(machine);
    doc = mvm_render(machine, &error);
    g_assert_no_error(error);
    text = mvm_xml_to_text(doc);
    assert_valid(text);
    assert_golden(c->name, text);
}

/* A kind of host, as its libvirt tells of it (tests/data/domcaps). */
typedef struct {
    const char *name;
    bool kvm;
    const char *missing; /* of MVM_CPU_FEATURES */
} HostKind;

/* One kind of host and one version of macOS. */
typedef struct {
    const HostKind *kind;
    const MvmOs *os;
} ProfileCase;

static MvmHost *
host_new(const HostKind *kind)
{
    MvmHost *host = g_new0(MvmHost, 1);
    g_autofree char *file = g_strconcat(kind->name, ".xml", NULL);
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "domcaps", file, NULL);
    g_autofree char *xml = NULL;
    g_autoptr(GError) error = NULL;
    MvmDomCaps *caps = NULL;

    g_assert_true(g_file_get_contents(path, &xml, NULL, &error));
    caps = mvm_domcaps_parse(xml, &error);
    g_assert_no_error(error);
    if (kind->kvm)
        host->kvm = caps;
    else
        host->tcg = caps;
    host->versions = (MvmVersions){MVM_VERSION(9, 0, 0), MVM_VERSION(7, 2, 0)};
    host->tsc_frequency = 2904000000;
    return host;
}

static void
test_profile(gconstpointer data)
{
    const ProfileCase *c = data;
    const char *const settings[] = {"os", c->os->id, "accel", c->kind->kvm ? "kvm" : "tcg", NULL};
    g_autoptr(MvmMachine) machine = machine_with(settings);
    g_autoptr(MvmHost) host = host_new(c->kind);
    g_auto(GStrv) missing = g_strsplit(c->kind->missing, " ", -1);
    g_autofree char *name = g_strdup_printf("%s-%s", c->os->id, c->kind->name);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(xmlDoc) doc = NULL;

    mvm_host_fit_cpu(host, (const char *const *)missing, machine);
    doc = mvm_render(machine, &error);
    g_assert_no_error(error);
    text = mvm_xml_to_text(doc);
    assert_valid(text);
    assert_golden(name, text);
}

/* Every version on every kind of host that can run it. */
static void
add_profiles(void)
{
    static const HostKind kinds[] = {
        {"intel", true, ""},
        {"intel-old", true, "avx2 fma bmi1 bmi2"},
        {"amd", true, ""},
        {"tcg", false, ""},
    };
    const MvmVersions versions = {0};
    size_t count = 0;
    const MvmOs *table = mvm_os_list(&count);

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
            g_auto(GStrv) missing = g_strsplit(kinds[k].missing, " ", -1);
            g_autofree char *obstacle =
                mvm_os_find_obstacle(&table[i], &versions, (const char *const *)missing);
            g_autofree char *path = g_strdup_printf("/profile/%s/%s", table[i].id, kinds[k].name);
            ProfileCase *c = g_new0(ProfileCase, 1);

            *c = (ProfileCase){&kinds[k], &table[i]};
            if (obstacle == NULL)
                g_test_add_data_func_full(path, c, test_profile, g_free);
            else
                g_free(c);
        }
    }
}

/* libvirt 9.0 would not take it, nor does its schema know it. */
static void
test_firmware_format(void)
{
    static const struct {
        unsigned long libvirt;
        const char *loader, *nvram, *template;
    } cases[] = {{MVM_VERSION(9, 1, 0), NULL, NULL, NULL},
                 {MVM_VERSION(9, 2, 0), "qcow2", "qcow2", NULL},
                 {MVM_VERSION(10, 10, 0), "qcow2", "qcow2", "qcow2"}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MvmMachine) machine = machine_with(NULL);
        g_autoptr(xmlDoc) doc = NULL;
        g_autofree char *loader = NULL, *nvram = NULL, *template = NULL;

        machine->firmware_format = "qcow2";
        machine->versions.libvirt = cases[i].libvirt;
        doc = mvm_render(machine, NULL);
        loader = mvm_xml_get(doc, "/domain/os/loader/@format");
        nvram = mvm_xml_get(doc, "/domain/os/nvram/@format");
        template = mvm_xml_get(doc, "/domain/os/nvram/@templateFormat");
        g_assert_cmpstr(loader, ==, cases[i].loader);
        g_assert_cmpstr(nvram, ==, cases[i].nvram);
        g_assert_cmpstr(template, ==, cases[i].template);
    }
}

/* Whether one of the three kinds of network has path. */
static bool
variant_has(int variant, const char *path)
{
    g_autoptr(MvmMachine) machine =
        machine_with(variant == 1   ? SETTINGS("network", "default", "resolution", "3840x2160")
                     : variant == 2 ? SETTINGS("video", "qxl", "resolution", "3840x2160")
                                    : NULL);
    g_autoptr(xmlDoc) doc = NULL;
    g_autofree char *value = NULL;

    if (variant == 2)
        passt(machine);
    doc = mvm_render(machine, NULL);
    value = mvm_xml_get(doc, path);
    return value != NULL;
}

/* A path of the forced-options table that matches nothing would silently force nothing. */
static void
test_option_paths(void)
{
    for (int i = 0; i < MVM_OPTION_COUNT; i++) {
        const char *const *path = mvm_render_paths_of((MvmOption)i);

        for (; *path != NULL; path++) {
            bool found = false;

            for (int v = 0; v < 3 && !found; v++)
                found = variant_has(v, *path);
            g_assert_true(found);
        }
    }
}

int
main(int argc, char **argv)
{
    static const char *const tcg[] = {"accel", "tcg", "memory", "2G", "cores", "2", NULL};
    static const char *const tahoe[] = {"os", "26", "graphics", "spice", "video", "virtio", NULL};
    static const char *const network[] = {"network", "default", "graphics", "none", NULL};
    static const char *const bridge[] = {"network", "bridge=br0", "cpu", "host", NULL};
    static const char *const finished[] = {"recovery", "off", NULL};
    static const char *const large[] = {"resolution", "3840x2160", NULL};
    static const char *const large_qxl[] = {"resolution", "3840x2160", "video", "qxl", NULL};
    static const char *const medium[] = {"resolution", "2560x1440", NULL};
    static const char *const host_cpu[] = {"cpu", "host", NULL};
    static const Case cases[] = {
        {"default", NULL, NULL},
        {"tcg", tcg, NULL},
        {"tahoe", tahoe, NULL},
        {"network", network, NULL},
        {"bridge", bridge, NULL},
        {"passt", NULL, passt},
        {"bare", NULL, bare},
        {"awkward", NULL, awkward},
        {"finished", finished, without_recovery},
        {"screen-4k", large, NULL},
        {"screen-qxl-4k", large_qxl, NULL},
        {"screen-1440p", medium, NULL},
        {"host-cpu-invtsc", host_cpu, with_invtsc},
    };

    g_test_init(&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/golden/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], test_golden);
    }
    add_profiles();
    g_test_add_func("/firmware-format", test_firmware_format);
    g_test_add_func("/option-paths", test_option_paths);
    return g_test_run();
}
