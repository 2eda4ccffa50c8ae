/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Roles, the OSK and text diffs, on synthetic checkouts of upstream's old and new layouts. */
#include "upstream/osk.h"
#include "upstream/roles.h"
#include "upstream/textdiff.h"
#include "util/error.h"
#include "util/secret.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Made up: 64 characters, with the ones that a shell would mind. */
#define OSK "made-up value of (64) characters & no more; not the one of Apple"

typedef struct {
    char *dir; /* its parent holds nothing else */
    char *temp;
} Checkout;

static void
checkout_set_up(Checkout *self, const void *data)
{
    g_autofree char *temp = g_dir_make_tmp("macvm-upstream-XXXXXX", NULL);

    self->temp = realpath(temp, NULL);
    self->dir = g_build_filename(self->temp, "OSX-KVM", NULL);
    g_assert_cmpint(g_mkdir(self->dir, 0700), ==, 0);
}

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) dir = NULL;
    const char *name = NULL;

    if (g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK))
        dir = g_dir_open(path, 0, NULL);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_tree(child);
    }
    g_assert_cmpint(g_remove(path), ==, 0);
}

static void
checkout_tear_down(Checkout *self, const void *data)
{
    remove_tree(self->temp);
    g_free(self->temp);
    g_free(self->dir);
}

/* Writes text as file name of the checkout, with its folders. */
static void
add_file(const Checkout *self, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(self->dir, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
add_sized(const Checkout *self, const char *name, long size)
{
    g_autofree char *path = g_build_filename(self->dir, name, NULL);

    add_file(self, name, "");
    g_assert_cmpint(truncate(path, size), ==, 0);
}

static void
assert_found(const Checkout *self, MvmUpstreamRole role, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = mvm_upstream_find(self->dir, role, &error);
    g_autofree char *expected = g_build_filename(self->dir, name, NULL);

    g_assert_no_error(error);
    g_assert_cmpstr(path, ==, expected);
}

static void
assert_missing(const Checkout *self, MvmUpstreamRole role)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(mvm_upstream_find(self->dir, role, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, self->dir));
    g_assert_nonnull(strstr(mvm_error_get_hint(error), "macvm bootstrap"));
}

static void
test_roles_new_layout(Checkout *self, const void *data)
{
    add_file(self, "OpenCore/OpenCore.qcow2", "");
    add_file(self, "OpenCore/EFI/OC/OpenCore.efi", "");
    add_file(self, "OpenCore/config.plist", "");
    add_file(self, "OpenCore-Boot.sh", "");
    assert_found(self, MVM_UPSTREAM_OPENCORE_IMAGE, "OpenCore/OpenCore.qcow2");
    assert_found(self, MVM_UPSTREAM_EFI_FOLDER, "OpenCore/EFI");
    assert_found(self, MVM_UPSTREAM_CONFIG_PLIST, "OpenCore/config.plist");
    assert_found(self, MVM_UPSTREAM_BOOT_SCRIPT, "OpenCore-Boot.sh");
}

static void
test_roles_old_layout(Checkout *self, const void *data)
{
    add_file(self, "OpenCore-Catalina/OpenCore.qcow2", "");
    add_file(self, "OpenCore-Catalina/EFI/OC/OpenCore.efi", "");
    add_file(self, "OpenCore-Catalina/config.plist", "");
    add_file(self, "boot-macOS-headless.sh", "");
    assert_found(self, MVM_UPSTREAM_OPENCORE_IMAGE, "OpenCore-Catalina/OpenCore.qcow2");
    assert_found(self, MVM_UPSTREAM_EFI_FOLDER, "OpenCore-Catalina/EFI");
    assert_found(self, MVM_UPSTREAM_CONFIG_PLIST, "OpenCore-Catalina/config.plist");
    assert_found(self, MVM_UPSTREAM_BOOT_SCRIPT, "boot-macOS-headless.sh");
}

static void
test_roles_missing(Checkout *self, const void *data)
{
    g_autoptr(GError) error = NULL;

    add_file(self, "OpenCore/EFI", "a file where a folder belongs");
    for (int role = MVM_UPSTREAM_OPENCORE_IMAGE; role <= MVM_UPSTREAM_BOOT_SCRIPT; role++)
        assert_missing(self, (MvmUpstreamRole)role);
    g_assert_null(mvm_upstream_find("/nonexistent/OSX-KVM", MVM_UPSTREAM_BOOT_SCRIPT, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(mvm_error_get_hint(error), "macvm bootstrap"));
}

static void
test_roles_links(Checkout *self, const void *data)
{
    g_autofree char *script = g_build_filename(self->dir, "OpenCore-Boot.sh", NULL);
    g_autofree char *image = g_build_filename(self->dir, "OpenCore.qcow2", NULL);
    g_autofree char *efi = g_build_filename(self->dir, "EFI", NULL);
    /* A sibling whose name begins with the checkout's must not pass for its inside. */
    g_autofree char *sibling = g_strconcat(self->dir, "-evil", NULL);

    g_assert_cmpint(g_mkdir(sibling, 0700), ==, 0);
    g_assert_cmpint(symlink("/etc/passwd", script), ==, 0);
    g_assert_cmpint(symlink("../OSX-KVM-evil", efi), ==, 0);
    assert_missing(self, MVM_UPSTREAM_BOOT_SCRIPT);
    assert_missing(self, MVM_UPSTREAM_EFI_FOLDER);
    add_file(self, "images/real.qcow2", "");
    g_assert_cmpint(symlink("images/real.qcow2", image), ==, 0);
    assert_found(self, MVM_UPSTREAM_OPENCORE_IMAGE, "images/real.qcow2");
}

static void
assert_firmware(const Checkout *self, const char *code_name, const char *vars_name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *code = NULL;
    g_autofree char *vars = NULL;
    g_autofree char *code_path = g_build_filename(self->dir, code_name, NULL);
    g_autofree char *vars_path = g_build_filename(self->dir, vars_name, NULL);

    mvm_upstream_find_firmware(self->dir, &code, &vars, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(code, ==, code_path);
    g_assert_cmpstr(vars, ==, vars_path);
}

static void
test_firmware_pairs(Checkout *self, const void *data)
{
    add_sized(self, "OVMF_CODE.fd", 1966080);
    add_sized(self, "OVMF_VARS-1024x768.fd", 131072);
    assert_firmware(self, "OVMF_CODE.fd", "OVMF_VARS-1024x768.fd");
    add_sized(self, "OVMF_VARS-1920x1080.fd", 131072);
    assert_firmware(self, "OVMF_CODE.fd", "OVMF_VARS-1920x1080.fd");
    /* New code whose store is not there yet does not spoil the old pair. */
    add_sized(self, "OVMF_CODE_4M.fd", 3653632);
    assert_firmware(self, "OVMF_CODE.fd", "OVMF_VARS-1920x1080.fd");
    add_sized(self, "OVMF_VARS.fd", 540672);
    assert_firmware(self, "OVMF_CODE_4M.fd", "OVMF_VARS.fd");
}

static void
test_firmware_folder(Checkout *self, const void *data)
{
    add_sized(self, "ovmf/OVMF_CODE_4M.fd", 3653632);
    add_sized(self, "ovmf/OVMF_VARS_4M.fd", 540672);
    assert_firmware(self, "ovmf/OVMF_CODE_4M.fd", "ovmf/OVMF_VARS_4M.fd");
}

static void
assert_no_firmware(const Checkout *self, int code, const char *const *parts)
{
    g_autoptr(GError) error = NULL;
    char *ovmf_code = NULL;
    char *ovmf_vars = NULL;

    g_assert_false(mvm_upstream_find_firmware(self->dir, &ovmf_code, &ovmf_vars, &error));
    g_assert_error(error, MVM_ERROR, code);
    g_assert_null(ovmf_code);
    g_assert_null(ovmf_vars);
    g_assert_nonnull(strstr(mvm_error_get_hint(error), "--firmware"));
    for (; *parts != NULL; parts++)
        g_assert_nonnull(strstr(error->message, *parts));
}

static void
test_firmware_refused(Checkout *self, const void *data)
{
    const char *none[] = {"OVMF_CODE", NULL};
    const char *no_vars[] = {"OVMF_VARS", NULL};
    const char *mixed[] = {"OVMF_CODE_4M.fd", "3653632", "OVMF_VARS-1920x1080.fd",
                           "131072",          "540672",  NULL};
    const char *unknown[] = {"OVMF_CODE_4M.fd", "123", NULL};

    assert_no_firmware(self, MVM_ERROR_NOT_FOUND, none);
    add_sized(self, "OVMF_CODE_4M.fd", 3653632);
    assert_no_firmware(self, MVM_ERROR_NOT_FOUND, no_vars);
    add_sized(self, "OVMF_VARS-1920x1080.fd", 131072);
    assert_no_firmware(self, MVM_ERROR_FAILED, mixed);
    add_sized(self, "OVMF_CODE_4M.fd", 123);
    assert_no_firmware(self, MVM_ERROR_FAILED, unknown);
}

static void
test_osk_forms(Checkout *self, const void *data)
{
    const char *scripts[] = {
        "args=(\n  -smp 4\n  -device isa-applesmc,osk=\"" OSK "\"\n)\n",
        "qemu -device isa-applesmc,osk='" OSK "' \\\n  -smbios type=2",
        "qemu -device \"isa-applesmc,osk=" OSK "\" # -device isa-applesmc,osk=\"no\"\n",
        "# -device isa-applesmc,osk=\"no\"\n\t#isa-applesmc,osk=no\n"
        "args=(isa-applesmc,id=smc,osk=\"" OSK "\",multifunction=on)",
        "-device isa-applesmc\r\n-device isa-applesmc,osk=\"" OSK "\"\r\n",
        "echo \"don't\" 'say \"' \\\" ; x -device isa-applesmc,osk=\"" OSK "\"",
        "an unbalanced ' quote\n-device isa-applesmc,osk=\"" OSK "\"",
    };

    G_STATIC_ASSERT(sizeof(OSK) == MVM_OSK_LENGTH + 1);
    for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++) {
        g_autoptr(GError) error = NULL;
        mvm_autosecret char *osk = NULL;

        add_file(self, "OpenCore-Boot.sh", scripts[i]);
        mvm_upstream_read_osk(self->dir, &osk, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(osk, ==, OSK);
    }
}

static void
test_osk_unquoted(Checkout *self, const void *data)
{
    g_autofree char *plain = g_strnfill(MVM_OSK_LENGTH, 'x');
    g_autofree char *script = g_strdup_printf("qemu -device isa-applesmc,osk=%s -smp 4", plain);
    mvm_autosecret char *osk = NULL;
    g_autoptr(GError) error = NULL;

    add_file(self, "OpenCore-Boot.sh", script);
    mvm_upstream_read_osk(self->dir, &osk, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(osk, ==, plain);
}

static void
test_osk_refused(Checkout *self, const void *data)
{
    const struct {
        const char *script;
        int code;
    } cases[] = {
        {"", MVM_ERROR_NOT_FOUND},
        {"# -device isa-applesmc,osk=\"" OSK "\"", MVM_ERROR_NOT_FOUND},
        {"-device isa-applesmc", MVM_ERROR_NOT_FOUND},
        {"-device other,osk=\"" OSK "\"", MVM_ERROR_NOT_FOUND},
        {"-device isa-applesmc,osk=\"" OSK "x\"", MVM_ERROR_FAILED},
        {"-device isa-applesmc,osk=\"secret\"", MVM_ERROR_FAILED},
        {"-device isa-applesmc,osk=\"secret", MVM_ERROR_FAILED},
        {"-device isa-applesmc,osk=", MVM_ERROR_FAILED},
        {"-device isa-applesmc,osk=\"secret\t-value of (64) characters & no more; not the one of "
         "A\"",
         MVM_ERROR_FAILED},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        char *osk = NULL;

        add_file(self, "OpenCore-Boot.sh", cases[i].script);
        g_assert_false(mvm_upstream_read_osk(self->dir, &osk, &error));
        g_assert_error(error, MVM_ERROR, cases[i].code);
        g_assert_null(osk);
        g_assert_null(strstr(error->message, "secret"));
        g_assert_null(strstr(error->message, "made-up"));
        g_assert_nonnull(mvm_error_get_hint(error));
    }
}

static void
test_osk_bounded(Checkout *self, const void *data)
{
    g_autoptr(GError) error = NULL;
    char *osk = NULL;

    add_sized(self, "OpenCore-Boot.sh", 1024 * 1024 + 1);
    g_assert_false(mvm_upstream_read_osk(self->dir, &osk, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
}

static void
test_text_diff(void)
{
    const struct {
        const char *old_text;
        const char *new_text;
        const char *expected;
    } cases[] = {
        {"a\nb\n", "a\nb\n", ""},
        {NULL, "", ""},
        {"a\nb\nc\n", "a\nB\nc\n", "--- live\n+++ new\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
        {NULL, "a\n", "--- live\n+++ new\n@@ -0,0 +1 @@\n+a\n"},
        {"a", "b\n", "--- live\n+++ new\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *diff =
            mvm_text_diff("live", cases[i].old_text, "new", cases[i].new_text, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(diff, ==, cases[i].expected);
    }
}

static void
add_case(const char *path, void (*test)(Checkout *, const void *))
{
    g_test_add(path, Checkout, NULL, checkout_set_up, test, checkout_tear_down);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_case("/upstream/roles/new-layout", test_roles_new_layout);
    add_case("/upstream/roles/old-layout", test_roles_old_layout);
    add_case("/upstream/roles/missing", test_roles_missing);
    add_case("/upstream/roles/links", test_roles_links);
    add_case("/upstream/firmware/pairs", test_firmware_pairs);
    add_case("/upstream/firmware/folder", test_firmware_folder);
    add_case("/upstream/firmware/refused", test_firmware_refused);
    add_case("/upstream/osk/forms", test_osk_forms);
    add_case("/upstream/osk/unquoted", test_osk_unquoted);
    add_case("/upstream/osk/refused", test_osk_refused);
    add_case("/upstream/osk/bounded", test_osk_bounded);
    g_test_add_func("/upstream/text-diff", test_text_diff);
    return g_test_run();
}
