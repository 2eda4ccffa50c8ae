/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Setup's pure parts: commands for root, packages, module options, the desktop entry. */
#include "host/launcher.h"
#include "host/modules.h"
#include "host/packages.h"
#include "util/error.h"

#include <glib/gstdio.h>
#include <string.h>

static void
assert_text(const MvmRootWork *work, const char *helper, const char *expected)
{
    g_autofree char *text = mvm_root_work_to_text(work, helper);

    g_assert_cmpstr(text, ==, expected);
}

static void
test_commands(void)
{
    g_autoptr(MvmRootWork) work = mvm_root_work_new();
    const char *const plain[] = {"apt-get", "install", "-y", "ovmf", NULL};
    const char *const odd[] = {"tee", "/a b/$c", NULL};

    g_assert_true(mvm_root_work_is_empty(work));
    mvm_root_work_add(work, plain, NULL);
    mvm_root_work_add(work, odd, "1\n");
    mvm_root_work_add(work, odd, "it's one\ntwo\n");
    g_assert_false(mvm_root_work_is_empty(work));
    assert_text(work, "sudo",
                "sudo apt-get install -y ovmf\n"
                "echo 1 | sudo tee '/a b/$c'\n"
                "printf '%s\\n' 'it'\\''s one' two | sudo tee '/a b/$c'\n");
    assert_text(work, "",
                "apt-get install -y ovmf\n"
                "echo 1 | tee '/a b/$c'\n"
                "printf '%s\\n' 'it'\\''s one' two | tee '/a b/$c'\n");
}

static void
test_run(void)
{
    g_autofree char *dir = g_dir_make_tmp("macvm-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "out put", NULL);
    g_autofree char *text = NULL;
    g_autoptr(MvmRootWork) work = mvm_root_work_new();
    g_autoptr(GError) error = NULL;
    const char *const write[] = {"tee", path, NULL};
    const char *const fail[] = {"false", NULL};
    const char *const erase[] = {"rm", path, NULL};

    mvm_root_work_add(work, fail, NULL);
    mvm_root_work_allow(work, 1);
    mvm_root_work_add(work, write, "one\ntwo\n");
    mvm_root_work_add(work, fail, NULL);
    mvm_root_work_add(work, erase, NULL);
    g_assert_false(mvm_root_work_run(work, "env", &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "'false'"));
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "one\ntwo\n");
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(g_remove(dir), ==, 0);
}

/* Whoever interrupts a command wants none of those after it, whatever its status would mean. */
static void
test_run_interrupted(void)
{
    g_autoptr(MvmRootWork) work = mvm_root_work_new();
    g_autoptr(GError) error = NULL;
    const char *const update[] = {"sh", "-c", "kill -INT $$", NULL};
    const char *const install[] = {"false", NULL};

    mvm_root_work_add(work, update, NULL);
    mvm_root_work_allow(work, 100);
    mvm_root_work_add(work, install, NULL);
    g_assert_false(mvm_root_work_run(work, "", &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_CANCELLED);
    g_assert_nonnull(strstr(error->message, "'sh'"));
}

static void
test_packages(void)
{
    static const struct {
        const char *family, *command;
    } hosts[] = {
        {"debian", "sudo apt-get update\nsudo apt-get install -y ovmf openssh-client\n"},
        {"linuxmint ubuntu debian",
         "sudo apt-get update\nsudo apt-get install -y ovmf openssh-client\n"},
        {"fedora", "sudo dnf install -y edk2-ovmf openssh-clients\n"},
        {"arch", "sudo pacman -S --needed --noconfirm edk2-ovmf openssh\n"},
        {"opensuse-tumbleweed opensuse suse",
         "sudo zypper --non-interactive install qemu-ovmf-x86_64 openssh-clients\n"},
    };
    g_autofree char *text = mvm_needs_to_text(MVM_NEED_QEMU | MVM_NEED_FIRMWARE);

    g_assert_cmpstr(text, ==, "QEMU, OVMF");
    for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
        const MvmPackager *packager = mvm_packager_by_family(hosts[i].family);
        g_autoptr(MvmRootWork) work = mvm_root_work_new();

        g_assert_nonnull(packager);
        mvm_packager_add_install(packager, MVM_NEED_FIRMWARE | MVM_NEED_SSH, work);
        assert_text(work, "sudo", hosts[i].command);
    }
    g_assert_null(mvm_packager_by_family("plan9"));
    g_assert_null(mvm_packager_by_family(""));
}

static void
assert_modules(const char *facts, const char *expected)
{
    g_autoptr(MvmKernel) kernel = mvm_kernel_parse(facts);
    g_autoptr(MvmRootWork) work = mvm_root_work_new();

    mvm_modules_add_work(kernel, "# a comment\noptions kvm ignore_msrs=1\n", work);
    assert_text(work, "sudo", expected);
}

#define INTEL "/proc/cpuinfo:vendor_id\t: GenuineIntel\n"
#define AMD "/proc/cpuinfo:vendor_id\t: AuthenticAMD\n"
#define INSTALL "sudo install -D -m 0644 /dev/stdin " MVM_KVM_CONF "\n"
#define LIVE                                                                                       \
    "echo 1 | sudo tee " MVM_KVM_IGNORE_MSRS "\necho 0 | sudo tee " MVM_KVM_REPORT_MSRS "\n"

static void
test_modules(void)
{
    assert_modules(
        AMD MVM_KVM_IGNORE_MSRS ":N\n",
        "printf '%s\\n' 'options kvm ignore_msrs=1' 'options kvm_amd nested=1' | " INSTALL LIVE);
    assert_modules(
        INTEL MVM_KVM_IGNORE_MSRS ":Y\n",
        "printf '%s\\n' 'options kvm ignore_msrs=1' 'options kvm_intel nested=1' | " INSTALL);
    assert_modules(
        INTEL MVM_KVM_IGNORE_MSRS ":N\n/etc/modprobe.d/kvm.conf:options kvm ignore_msrs=1", LIVE);
    assert_modules("/proc/cmdline:kvm.ignore_msrs=1\n", "");
    assert_modules(MVM_KVM_IGNORE_MSRS ":N\nmsrs-mode 644\n/proc/cmdline:kvm.ignore_msrs=1\n",
                   LIVE);
    assert_modules(MVM_KVM_IGNORE_MSRS ":N\nmsrs-mode 444\n/proc/cmdline:kvm.ignore_msrs=1\n", "");
    assert_modules(MVM_KVM_IGNORE_MSRS ":N\nmsrs-mode 444\n",
                   "echo 'options kvm ignore_msrs=1' | " INSTALL);
    assert_modules("", "echo 'options kvm ignore_msrs=1' | " INSTALL);
}

static void
test_exec(void)
{
    const char *const argv[] = {
        "/opt/my tools/macvm", "up", "50%", "a\"b$c`d\\e", "", "naïve", NULL};
    g_autofree char *line = mvm_launcher_exec(argv);

    g_assert_cmpstr(line, ==, "\"/opt/my tools/macvm\" up 50%% \"a\\\"b\\$c\\`d\\\\e\" \"\" naïve");
}

static void
test_launcher(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *template = NULL;
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "..", "templates", "macvm.desktop", NULL);
    g_autofree char *text = NULL;
    g_autofree char *stop = NULL;
    g_autofree char *name = NULL;

    g_assert_true(g_file_get_contents(path, &template, NULL, NULL));
    text = mvm_launcher_render(template, "/usr/bin/macvm", "qemu:///system", "my mac\\1", &error);
    g_assert_no_error(error);
    g_assert_null(strstr(text, "SPDX"));
    g_assert_true(g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, NULL));
    stop = g_key_file_get_string(file, "Desktop Action Stop", "Exec", NULL);
    g_assert_cmpstr(stop, ==, "/usr/bin/macvm -c qemu:///system down \"my mac\\\\1\"");
    name = g_key_file_get_string(file, "Desktop Entry", "Name", NULL);
    g_assert_cmpstr(name, ==, "my mac\\1");
    g_assert_null(mvm_launcher_render("nonsense", "m", "u", "n", &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands", test_commands);
    g_test_add_func("/run", test_run);
    g_test_add_func("/interrupted", test_run_interrupted);
    g_test_add_func("/packages", test_packages);
    g_test_add_func("/modules", test_modules);
    g_test_add_func("/exec", test_exec);
    g_test_add_func("/launcher", test_launcher);
    return g_test_run();
}
