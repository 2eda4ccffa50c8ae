/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine/machine.h"
#include "machine/name.h"
#include "machine/screen.h"
#include "util/error.h"

#include <string.h>

#define GIB (UINT64_C(1) << 30)

static void
test_name(void)
{
    g_autoptr(GString) emoji = g_string_new(NULL);
    const char *good[] = {"macos", "my mac", "Jürgens Mac", "it's", "a.b_c-d", "日本"};
    const char *bad[] = {"", "../x", "a/b", "-x", ".x", "a\nb", "\x1b[0m", "a\"b", "a<b", "a&b",
                         " a", "a ", "\xff",
                         "0123456789012345678901234567890123456789012345678901234567890123x",
                         /* few characters, and yet too long for a file's name */
                         NULL};

    while (emoji->len < 184)
        g_string_append(emoji, "😀");
    bad[G_N_ELEMENTS(bad) - 1] = emoji->str;
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(mvm_name_check(good[i], NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(mvm_name_check(bad[i], &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_USAGE);
        /* What cannot be a name must not reach a terminal as it is either. */
        g_assert_null(strpbrk(error->message, "\n\x1b"));
    }
}

static void
test_os(void)
{
    const struct {
        const char *text, *id;
    } good[] = {{"14", "14"},
                {"sonoma", "14"},
                {"Sonoma", "14"},
                {"10.13", "10.13"},
                {"High Sierra", "10.13"},
                {"high-sierra", "10.13"},
                {"big_sur", "11"},
                {"26", "26"},
                {"TAHOE", "26"}};
    const char *bad[] = {"", "16", "10.12", "sono", "sonomaa", "14.1"};
    size_t count = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_cmpstr(mvm_os_find(good[i].text, NULL)->id, ==, good[i].id);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(mvm_os_find(bad[i], &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
        g_assert_nonnull(strstr(mvm_error_get_hint(error), "26 (tahoe)"));
    }
    g_assert_cmpstr(mvm_os_list(&count)[0].id, ==, "10.13");
    g_assert_cmpuint(count, ==, 9);
}

static void
test_options_normal_form(void)
{
    const struct {
        MvmOption option;
        const char *text, *normal;
    } cases[] = {
        {MVM_OPTION_OS, "Sonoma", "14"},
        {MVM_OPTION_MEMORY, "16G", "16384M"},
        {MVM_OPTION_MEMORY, "16 GiB", "16384M"},
        {MVM_OPTION_CORES, "6", "6"},
        {MVM_OPTION_ACCEL, "tcg", "tcg"},
        {MVM_OPTION_DISK_SIZE, "80G", "81920M"},
        {MVM_OPTION_NETWORK, "bridge=br0", "bridge=br0"},
        {MVM_OPTION_FIRMWARE, "/a/CODE.fd:/a/VARS.fd", "/a/CODE.fd:/a/VARS.fd"},
        {MVM_OPTION_SSH_USER, "joe", "joe"},
        {MVM_OPTION_RESOLUTION, "2560x1440", "2560x1440"},
        {MVM_OPTION_BOOT_ARGS, " -v keepsyms=1 ", "-v keepsyms=1"},
        {MVM_OPTION_BOOT_ARGS, "", ""},
        {MVM_OPTION_VERBOSE_BOOT, "off", "off"},
        {MVM_OPTION_PICKER_TIMEOUT, "0", "0"},
        {MVM_OPTION_CSR, "0x026F", "0x26f"},
        {MVM_OPTION_CSR, "4294967295", "0xffffffff"},
    };
    g_autoptr(MvmOptions) options = mvm_options_new();

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_true(mvm_options_set(options, cases[i].option, cases[i].text, &error));
        g_assert_cmpstr(options->value[cases[i].option], ==, cases[i].normal);
    }
}

static void
test_options_bad(void)
{
    const struct {
        MvmOption option;
        const char *text;
    } cases[] = {
        {MVM_OPTION_MEMORY, "lots"},
        {MVM_OPTION_MEMORY, "1M"},
        {MVM_OPTION_MEMORY, "99999T"},
        {MVM_OPTION_CORES, "0"},
        {MVM_OPTION_CORES, "six"},
        {MVM_OPTION_CORES, "6 "},
        {MVM_OPTION_THREADS, "3"},
        {MVM_OPTION_SSH_PORT, "65536"},
        {MVM_OPTION_SSH_PORT, "-1"},
        {MVM_OPTION_ACCEL, "hvf"},
        {MVM_OPTION_CPU, ""},
        {MVM_OPTION_CPU, "-cpu"},
        {MVM_OPTION_FIRMWARE, "a:b"},
        {MVM_OPTION_FIRMWARE, "/a"},
        {MVM_OPTION_SSH_USER, "-oProxyCommand=x"},
        {MVM_OPTION_POOL, "a\nb"},
        {MVM_OPTION_GRAPHICS, "VNC"},
        {MVM_OPTION_RESOLUTION, "1920"},
        {MVM_OPTION_RESOLUTION, "1920x"},
        {MVM_OPTION_RESOLUTION, "639x480"},
        {MVM_OPTION_RESOLUTION, "1920x1080@32"},
        {MVM_OPTION_RESOLUTION, "1920x1080x3"},
        {MVM_OPTION_BOOT_ARGS, "a\nb"},
        {MVM_OPTION_BOOT_ARGS, "\xc3\xa4"},
        {MVM_OPTION_VERBOSE_BOOT, "yes"},
        {MVM_OPTION_PICKER_TIMEOUT, "-1"},
        {MVM_OPTION_CSR, "4294967296"},
        {MVM_OPTION_CSR, "0x"},
    };
    g_autoptr(MvmOptions) options = mvm_options_new();

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(mvm_options_set(options, cases[i].option, cases[i].text, &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_USAGE);
        g_assert_null(options->value[cases[i].option]);
    }
}

static bool
collect(MvmProgress *self, const char *what, uint64_t done, uint64_t total)
{
    return true;
}

static void
collect_note(MvmProgress *self, const char *text)
{
    GString *all = self->opaque;

    g_string_append_printf(all, "%s\n", text);
}

static void
test_defaults(void)
{
    g_autoptr(MvmOptions) options = mvm_options_new();
    g_autoptr(GString) notes = g_string_new(NULL);
    MvmProgress progress = {.update = collect, .note = collect_note, .opaque = notes};
    MvmHostLimits limits = {.memory = 32 * GIB, .cpus = 16};
    g_autoptr(MvmMachine) machine = mvm_machine_new("macos", options, &limits, &progress);

    g_assert_cmpuint(machine->memory, ==, 16 * GIB);
    g_assert_cmpuint(mvm_machine_vcpus(machine), ==, 12);
    g_assert_cmpuint(machine->cores, ==, 6);
    g_assert_cmpstr(machine->cpu, ==, "Haswell-noTSX");
    g_assert_cmpstr(machine->os->id, ==, "14");
    g_assert_cmpuint(machine->disk_size, ==, 80 * GIB);
    g_assert_cmpuint(machine->ssh_port, ==, 2222);
    g_assert_cmpstr(notes->str, ==, "");
}

static void
test_scaling(void)
{
    const struct {
        uint64_t host_gib;
        unsigned host_cpus;
        uint64_t gib;
        unsigned sockets, cores, threads;
    } cases[] = {
        {15, 12, 7, 1, 6, 2}, {8, 8, 4, 1, 4, 2}, {6, 4, 4, 1, 2, 2},
        {4, 2, 3, 1, 1, 2},   {2, 1, 1, 1, 1, 1}, {16, 11, 16, 1, 4, 2},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MvmOptions) options = mvm_options_new();
        g_autoptr(GString) notes = g_string_new(NULL);
        MvmProgress progress = {.update = collect, .note = collect_note, .opaque = notes};
        MvmHostLimits limits = {.memory = cases[i].host_gib * GIB, .cpus = cases[i].host_cpus};
        g_autoptr(MvmMachine) machine = mvm_machine_new("m", options, &limits, &progress);

        g_assert_cmpuint(machine->memory, ==, cases[i].gib * GIB);
        g_assert_cmpuint(machine->sockets, ==, cases[i].sockets);
        g_assert_cmpuint(machine->cores, ==, cases[i].cores);
        g_assert_cmpuint(machine->threads, ==, cases[i].threads);
        g_assert_cmpstr(notes->str, !=, "");
    }
}

static void
test_asked_is_kept(void)
{
    g_autoptr(MvmOptions) options = mvm_options_new();
    MvmHostLimits limits = {.memory = 4 * GIB, .cpus = 2};
    g_autoptr(MvmMachine) machine = NULL;

    g_assert_true(mvm_options_set(options, MVM_OPTION_MEMORY, "64G", NULL));
    g_assert_true(mvm_options_set(options, MVM_OPTION_CORES, "6", NULL));
    machine = mvm_machine_new("m", options, &limits, NULL);
    g_assert_cmpuint(machine->memory, ==, 64 * GIB);
    g_assert_cmpuint(mvm_machine_vcpus(machine), ==, 12);
}

static void
test_mac(void)
{
    for (int i = 0; i < 1000; i++) {
        g_autofree char *mac = mvm_mac_new();

        g_assert_true(g_regex_match_simple("^52:54:00(:[0-9a-f]{2}){3}$", mac, 0, 0));
    }
}

static void
test_screen(void)
{
    static const struct {
        const char *resolution;
        uint64_t memory; /* KiB */
        bool mode;
        const char *nearest;
    } cases[] = {
        {"640x480", 16384, true, "640x480"},      {"1366x768", 16384, false, "1360x768"},
        {"1920x1080", 16384, true, "1920x1080"},  {"2560x1440", 16384, true, "2560x1440"},
        {"3840x2160", 32768, true, "3840x2160"},  {"5120x2880", 65536, false, "4096x2160"},
        {"8192x4320", 262144, true, "8192x4320"}, {"600x400", 16384, false, "640x480"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_cmpuint(mvm_screen_memory(cases[i].resolution) / 1024, ==, cases[i].memory);
        g_assert_cmpint(mvm_screen_has_mode(cases[i].resolution), ==, cases[i].mode);
        g_assert_cmpstr(mvm_screen_nearest(cases[i].resolution), ==, cases[i].nearest);
    }
    g_assert_cmpuint(mvm_screen_memory(NULL), ==, MVM_VIDEO_MEMORY);
}

static void
count_note(MvmProgress *self, const char *text)
{
    g_string_append_printf(self->opaque, "%s\n", text);
}

/* What is asked for is remarked upon; what was asked for before is not, once more. */
static void
test_remarks(void)
{
    g_autoptr(MvmOptions) options = mvm_options_new();
    g_autoptr(MvmOptions) asked = mvm_options_new();
    g_autoptr(GString) notes = g_string_new(NULL);
    MvmProgress progress = {.note = count_note, .opaque = notes};
    MvmHostLimits limits = {.memory = 8 * GIB, .cpus = 2, .asked = asked};
    static const struct {
        const char *option, *value, *note;
    } cases[] = {{"memory", "1G", "macOS 14 needs 4 GiB of memory\n"},
                 {"disk-size", "5G", "macOS 14 needs a disk of 26 GiB to be installed on\n"},
                 {"resolution", "1366x768",
                  "the firmware has no mode of 1366x768: the screen gets another size; "
                  "--resolution 1360x768 is one that it has\n"},
                 {"cores", "8", "the host has only 2 CPUs: 16 vCPUs will be slow\n"},
                 {"ssh-port", "2300", ""}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        MvmOption option = mvm_option_find(cases[i].option);

        g_assert_true(mvm_options_set(options, option, cases[i].value, NULL));
        g_assert_true(mvm_options_set(asked, option, cases[i].value, NULL));
        mvm_machine_free(mvm_machine_new("m", options, &limits, &progress));
        g_assert_cmpstr(notes->str, ==, cases[i].note);
        g_clear_pointer(&asked->value[option], g_free);
        g_string_truncate(notes, 0);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
    g_test_add_func("/name", test_name);
    g_test_add_func("/os", test_os);
    g_test_add_func("/options/normal-form", test_options_normal_form);
    g_test_add_func("/options/bad", test_options_bad);
    g_test_add_func("/machine/defaults", test_defaults);
    g_test_add_func("/machine/scaling", test_scaling);
    g_test_add_func("/machine/asked-is-kept", test_asked_is_kept);
    g_test_add_func("/machine/mac", test_mac);
    g_test_add_func("/screen", test_screen);
    g_test_add_func("/remarks", test_remarks);
    return g_test_run();
}
