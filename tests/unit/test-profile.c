/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of macOS versions, what a host must have for each, and the layout of CPUs. */
#include "machine/machine.h"
#include "util/error.h"

#include <string.h>

static const MvmVersions newest = {MVM_VERSION(12, 0, 0), MVM_VERSION(10, 0, 0)};

static const char *
nearest(const char *id, const MvmVersions *versions, const char *missing)
{
    g_auto(GStrv) list = g_strsplit(missing, " ", -1);
    const MvmOs *os =
        mvm_os_find_nearest(mvm_os_find(id, NULL), versions, (const char *const *)list);

    return os != NULL ? os->id : NULL;
}

static void
assert_obstacle(const char *id, const MvmVersions *versions, const char *missing, const char *part)
{
    g_auto(GStrv) list = g_strsplit(missing, " ", -1);
    g_autofree char *obstacle =
        mvm_os_find_obstacle(mvm_os_find(id, NULL), versions, (const char *const *)list);

    if (part == NULL)
        g_assert_cmpstr(obstacle, ==, NULL);
    else
        g_assert_nonnull(strstr(obstacle, part));
}

static void
test_obstacle(void)
{
    const MvmVersions old_qemu = {MVM_VERSION(9, 0, 0), MVM_VERSION(4, 1, 9)};
    const MvmVersions old_libvirt = {MVM_VERSION(8, 0, 0), MVM_VERSION(7, 2, 0)};
    const MvmVersions unknown = {0};

    assert_obstacle("14", &newest, "", NULL);
    assert_obstacle("14", &unknown, "", NULL);
    assert_obstacle("14", &newest, "avx2 fma", "lacks avx2");
    assert_obstacle("12", &newest, "avx2 fma", NULL);
    assert_obstacle("14", &newest, "fma smep", NULL);
    assert_obstacle("10.15", &newest, "sse4.2 avx2", "lacks sse4.2");
    assert_obstacle("10.14", &newest, "sse4.2 avx2", NULL);
    assert_obstacle("10.13", &newest, "sse4.1", "lacks sse4.1");
    assert_obstacle("14", &old_qemu, "", "QEMU is 4.1.9, and it takes 4.2.0");
    assert_obstacle("14", &old_libvirt, "", "libvirt is 8.0.0, and it takes 8.1.0");
    g_assert_null(mvm_os_find_obstacle(mvm_os_find("26", NULL), &newest, NULL));
}

static void
test_nearest(void)
{
    const MvmVersions old_qemu = {MVM_VERSION(9, 0, 0), MVM_VERSION(4, 1, 9)};

    g_assert_cmpstr(nearest("14", &newest, "avx2"), ==, "12");
    g_assert_cmpstr(nearest("26", &newest, "avx2"), ==, "12");
    g_assert_cmpstr(nearest("13", &newest, "avx2 sse4.2"), ==, "10.14");
    g_assert_cmpstr(nearest("14", &newest, "sse4.1 sse4.2 avx2"), ==, NULL);
    g_assert_cmpstr(nearest("14", &old_qemu, ""), ==, NULL);
    g_assert_cmpstr(nearest("10.13", &newest, ""), ==, "10.14");
}

/* What a typing error in the table could break without being seen. */
static void
test_table(void)
{
    size_t count = 0;
    const MvmOs *table = mvm_os_list(&count);
    g_auto(GStrv) known = g_strsplit(MVM_CPU_FEATURES, " ", -1);

    g_assert_true(g_strv_contains((const char *const *)known, MVM_CPU_MARK));
    for (size_t i = 0; i < count; i++) {
        g_auto(GStrv) needs = g_strsplit(table[i].needs, " ", -1);
        bool needs_mark = g_strv_contains((const char *const *)needs, MVM_CPU_MARK);

        for (char **name = needs; *name != NULL; name++)
            g_assert_true(g_strv_contains((const char *const *)known, *name));
        for (int kind = 0; kind < MVM_CPU_KINDS; kind++) {
            g_assert_nonnull(table[i].cpu[kind].model);
            g_assert_true((table[i].cpu[kind].elder == NULL) == needs_mark);
        }
        g_assert_cmpuint(table[i].since.libvirt, >=, MVM_VERSION(8, 1, 0));
        g_assert_cmpuint(table[i].since.qemu, >, 0);
    }
}

static void
test_cpu(void)
{
    static const struct {
        const char *os;
        MvmCpuKind kind;
        bool best;
        const char *missing, *asked, *model, *disable;
    } cases[] = {
        {"14", MVM_CPU_KIND_INTEL, true, "", NULL, "Haswell-noTSX", ""},
        {"14", MVM_CPU_KIND_AMD, true, "", NULL, "Haswell-noTSX", ""},
        {"15", MVM_CPU_KIND_INTEL, true, "", NULL, "Skylake-Client-noTSX-IBRS", ""},
        {"15", MVM_CPU_KIND_INTEL, false, "", NULL, "Haswell-noTSX", ""},
        {"26", MVM_CPU_KIND_AMD, true, "", NULL, "Haswell-noTSX", ""},
        {"12", MVM_CPU_KIND_AMD, false, "", NULL, "Haswell-noTSX", "pcid"},
        {"12", MVM_CPU_KIND_AMD, false, "avx2", NULL, "Penryn", ""},
        {"12", MVM_CPU_KIND_AMD, false, "avx2", "Nehalem", "Nehalem", ""},
        {"10.13", MVM_CPU_KIND_TCG, false, "", NULL, "Haswell-noTSX", ""},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MvmOptions) options = mvm_options_new();
        g_auto(GStrv) missing = g_strsplit(cases[i].missing, " ", -1);
        const MvmHostLimits any = {0};
        g_autoptr(MvmMachine) machine = NULL;

        g_assert_true(mvm_options_set(options, MVM_OPTION_OS, cases[i].os, NULL));
        if (cases[i].asked != NULL)
            g_assert_true(mvm_options_set(options, MVM_OPTION_CPU, cases[i].asked, NULL));
        machine = mvm_machine_new("m", options, &any, NULL);
        mvm_machine_fit_cpu(machine, cases[i].kind, cases[i].best, (const char *const *)missing);
        g_assert_cmpstr(machine->cpu, ==, cases[i].model);
        g_assert_cmpstr(machine->cpu_disable, ==, cases[i].disable);
    }
}

static void
test_features(void)
{
    const MvmVersions unknown = {0}, old = {.qemu = MVM_VERSION(6, 0, 50)};
    const MvmVersions half = {MVM_VERSION(9, 2, 0), MVM_VERSION(7, 1, 0)};

    g_assert_true(mvm_feature_is_in(MVM_FEATURE_HOTPLUG_GLOBAL, &unknown));
    g_assert_false(mvm_feature_is_in(MVM_FEATURE_HOTPLUG_GLOBAL, &old));
    g_assert_true(mvm_feature_is_in(MVM_FEATURE_PASST, &newest));
    g_assert_false(mvm_feature_is_in(MVM_FEATURE_PASST, &half));
    for (int i = 0; i < MVM_FEATURE_COUNT; i++) {
        const MvmVersions *since = &mvm_feature_info((MvmFeature)i)->since;

        g_assert_true(since->libvirt != 0 || since->qemu != 0);
        g_assert_true(mvm_feature_is_in((MvmFeature)i, since));
    }
}

/* dockur/macos, src/cpu.sh, by the number of CPUs; and macvm's own default. */
static void
test_spread(void)
{
    static const struct {
        unsigned cores, threads;
        MvmTopology spread;
    } cases[] = {
        {6, 2, {1, 6, 2}},   {1, 1, {1, 1, 1}},  {4, 1, {1, 4, 1}},   {4, 2, {1, 4, 2}},
        {6, 1, {3, 2, 1}},   {7, 1, {7, 1, 1}},  {10, 1, {5, 2, 1}},  {11, 1, {11, 1, 1}},
        {12, 1, {3, 4, 1}},  {14, 1, {7, 2, 1}}, {24, 1, {1, 24, 1}}, {12, 2, {1, 12, 2}},
        {5, 2, {5, 1, 2}},   {10, 2, {5, 2, 2}}, {3, 2, {3, 1, 2}},   {64, 1, {1, 64, 1}},
        {32, 2, {1, 32, 2}}, {20, 1, {5, 4, 1}},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        MvmTopology spread = mvm_topology_spread(cases[i].cores, cases[i].threads);

        g_assert_cmpmem(&spread, sizeof(spread), &cases[i].spread, sizeof(spread));
    }
    for (unsigned cores = 1; cores <= MVM_CPUS_MAX; cores++) {
        MvmTopology spread = mvm_topology_spread(cores, 1);

        g_assert_true(mvm_topology_is_good(&spread));
        g_assert_cmpuint(mvm_topology_cpus(&spread), ==, cores);
    }
}

static void
test_neighbours(void)
{
    const MvmTopology five = {1, 5, 2}, one = {1, 1, 1}, most = {1, 32, 2}, many = {3, 32, 2};
    MvmTopology near = {0};

    g_assert_false(mvm_topology_is_good(&five));
    g_assert_true(mvm_topology_find_below(&five, &near));
    g_assert_cmpuint(near.cores, ==, 4);
    g_assert_true(mvm_topology_find_above(&five, &near));
    g_assert_cmpuint(near.cores, ==, 6);
    g_assert_false(mvm_topology_find_below(&one, &near));
    g_assert_false(mvm_topology_find_above(&most, &near));
    g_assert_false(mvm_topology_is_good(&many));
    g_assert_true(mvm_topology_find_below(&many, &near));
    g_assert_cmpuint(near.cores, ==, 8);
}

static void
test_too_many(void)
{
    const MvmTopology most = {1, 32, 2}, more = {1, 65, 1};
    g_autoptr(GError) error = NULL;

    g_assert_true(mvm_topology_check(&most, &error));
    g_assert_no_error(error);
    g_assert_false(mvm_topology_check(&more, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_USAGE);
}

static void
add_cpu(GString *row, const MvmOsCpu *cpu)
{
    g_string_append_printf(row, " | %s%s%s", cpu->best != NULL ? cpu->best : "",
                           cpu->best != NULL ? ", " : "", cpu->model);
    if (*cpu->disable != '\0')
        g_string_append_printf(row, " without %s", cpu->disable);
    if (cpu->elder != NULL)
        g_string_append_printf(row, ", %s", cpu->elder);
}

static char *
make_table(void)
{
    GString *table =
        g_string_new("\n| macOS | needs | CPU on Intel | on AMD | with TCG | NIC | USB | tablet | "
                     "model | QEMU | "
                     "libvirt |\n"
                     "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    size_t count = 0;
    const MvmOs *list = mvm_os_list(&count);

    for (size_t i = 0; i < count; i++) {
        const MvmOs *os = &list[i];
        g_autofree char *qemu = mvm_version_format(os->since.qemu);
        g_autofree char *libvirt = mvm_version_format(os->since.libvirt);

        g_assert_cmpstr(os->disk, ==, "sata");
        g_assert_cmpstr(os->sound, ==, "ich9");
        g_assert_cmpstr(os->video, ==, "vmvga");
        g_string_append_printf(table, "| %s %s | %s", os->id, os->title, os->needs);
        for (int kind = 0; kind < MVM_CPU_KINDS; kind++)
            add_cpu(table, &os->cpu[kind]);
        g_string_append_printf(table, " | %s | %s | %s | %s | %s | %s |\n", os->nic, os->usb,
                               os->tablet, os->smbios, qemu, libvirt);
    }
    g_string_append_c(table, '\n');
    return g_string_free(table, FALSE);
}

/* docs/profiles.md says what the table says. */
static void
test_page(void)
{
    static const char begin[] = "<!-- begin of the table -->\n",
                      end[] = "<!-- end of the table -->";
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "..", "docs", "profiles.md", NULL);
    g_autofree char *page = NULL, *table = make_table(), *shown = NULL;
    const char *from = NULL, *to = NULL;

    g_assert_true(g_file_get_contents(path, &page, NULL, NULL));
    from = strstr(page, begin);
    g_assert_nonnull(from);
    from += strlen(begin);
    to = strstr(from, end);
    g_assert_nonnull(to);
    shown = g_strndup(from, (gsize)(to - from));
    if (g_getenv("MVM_TEST_REGENERATE") != NULL && !g_str_equal(shown, table)) {
        g_autofree char *head = g_strndup(page, (gsize)(from - page));
        g_autofree char *fresh = g_strconcat(head, table, to, NULL);

        g_assert_true(g_file_set_contents(path, fresh, -1, NULL));
        return;
    }
    g_assert_cmpstr(shown, ==, table);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
    g_test_add_func("/profile/obstacle", test_obstacle);
    g_test_add_func("/profile/nearest", test_nearest);
    g_test_add_func("/profile/table", test_table);
    g_test_add_func("/profile/page", test_page);
    g_test_add_func("/profile/cpu", test_cpu);
    g_test_add_func("/feature/versions", test_features);
    g_test_add_func("/topology/spread", test_spread);
    g_test_add_func("/topology/neighbours", test_neighbours);
    g_test_add_func("/topology/too-many", test_too_many);
    return g_test_run();
}
