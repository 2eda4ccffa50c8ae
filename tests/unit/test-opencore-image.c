/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/efi-folder.h"
#include "media/opencore-image.h"
#include "util/command.h"
#include "util/error.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GUID "6d616376-6d00-4000-8000-0000000000aa"
#define CONFIG "<plist><dict/></plist>\n"

typedef struct {
    char *dir; /* owned */
    char *efi; /* owned; dir/EFI */
} Fixture;

static void
put(const Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(fixture->efi, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
set_up(Fixture *fixture, gconstpointer unused)
{
    fixture->dir = g_dir_make_tmp("macvm-efi.XXXXXX", NULL);
    fixture->efi = g_build_filename(fixture->dir, "EFI", NULL);
    put(fixture, "BOOT/BOOTx64.efi", "boot");
    put(fixture, "OC/OpenCore.efi", "core");
    put(fixture, "OC/config.plist", "the folder's own, not to be seen again");
    put(fixture, "OC/Kexts/A long Name.kext/Contents/Info.plist", "info");
    put(fixture, "OC/Resources/empty", "");
}

static void
run(const char *const *argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *out = mvm_command_run(argv, &error);

    g_assert_no_error(error);
    g_assert_nonnull(out);
}

static void
tear_down(Fixture *fixture, gconstpointer unused)
{
    run((const char *const[]){"rm", "-rf", fixture->dir, NULL});
    g_free(fixture->dir);
    g_free(fixture->efi);
}

static char *
make(const Fixture *fixture, const char *sub)
{
    const MvmOpencoreImage image = {
        .efi_folder = fixture->efi, .config = CONFIG, .config_len = strlen(CONFIG), .guid = GUID};
    g_autofree char *dir = g_build_filename(fixture->dir, sub, NULL);
    g_autoptr(GError) error = NULL;
    char *path = NULL;

    g_assert_cmpint(g_mkdir(dir, 0700), ==, 0);
    path = mvm_opencore_image_make(&image, dir, &error);
    g_assert_no_error(error);
    return path;
}

static bool
has_tools(void)
{
    if (mvm_command_exists("mformat") && mvm_command_exists("qemu-img"))
        return true;
    g_test_skip("no mtools or no qemu-img");
    return false;
}

/* What argv prints, with white space at the ends removed; the caller frees. */
static char *
tell(const char *const *argv)
{
    g_autoptr(GError) error = NULL;
    char *out = mvm_command_run(argv, &error);

    g_assert_no_error(error);
    return g_strstrip(out);
}

static void
check_file(const char *raw, const char *name, const char *text)
{
    g_autofree char *drive = g_strconcat(raw, "@@1M", NULL);
    g_autofree char *out = tell((const char *const[]){"mtype", "-i", drive, name, NULL});
    g_autofree char *wanted = g_strstrip(g_strdup(text));

    g_assert_cmpstr(out, ==, wanted);
}

static void
test_read_back(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *path = NULL, *raw = g_build_filename(fixture->dir, "raw", NULL);
    g_autofree char *info = NULL, *drive = g_strconcat(raw, "@@1M", NULL), *list = NULL;
    g_autofree char *sfdisk = g_find_program_in_path("sfdisk");

    if (!has_tools())
        return;
    path = make(fixture, "out");
    run((const char *const[]){"qemu-img", "convert", "-O", "raw", path, raw, NULL});
    check_file(raw, "::/EFI/BOOT/BOOTX64.EFI", "boot");
    check_file(raw, "::/EFI/OC/OpenCore.efi", "core");
    check_file(raw, "::/EFI/OC/config.plist", CONFIG);
    check_file(raw, "::/EFI/OC/Kexts/A long Name.kext/Contents/Info.plist", "info");
    check_file(raw, "::/EFI/OC/Resources/empty", "");
    list = tell((const char *const[]){"mdir", "-b", "-/", "-i", drive, "::", NULL});
    g_assert_null(strstr(list, "CONFIG~"));
    info = tell((const char *const[]){"minfo", "-i", drive, "::", NULL});
    g_assert_nonnull(strstr(info, "disk type=\"FAT32"));
    if (sfdisk == NULL)
        sfdisk = g_strdup("/usr/sbin/sfdisk");
    if (g_file_test(sfdisk, G_FILE_TEST_IS_EXECUTABLE)) {
        g_autofree char *table = tell((const char *const[]){sfdisk, "--dump", raw, NULL});
        g_autofree char *checked = tell((const char *const[]){sfdisk, "--verify", raw, NULL});

        g_assert_nonnull(strstr(table, "label: gpt"));
        g_assert_nonnull(strstr(table, "type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B"));
        g_assert_nonnull(strstr(table, "label-id: 6D616376-6D00-4000-8000-0000000000AA"));
        g_assert_nonnull(strstr(table, "uuid=6D616376-6D00-4000-8000-0000000000A0"));
        g_assert_nonnull(strstr(checked, "No errors"));
    }
    /* Nothing but the disk is left. */
    g_assert_cmpint(unlink(path), ==, 0);
    *strrchr(path, '/') = '\0';
    g_assert_cmpint(rmdir(path), ==, 0);
}

static void
test_same_twice(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *first = NULL, *second = NULL, *copy = NULL, *efi = NULL;

    if (!has_tools())
        return;
    first = make(fixture, "one");
    g_usleep(2100 * G_TIME_SPAN_MILLISECOND); /* FAT's time stamps count two seconds */
    /* Another copy of the folder, with files of another age in another order. */
    copy = g_build_filename(fixture->dir, "copy", NULL);
    run((const char *const[]){"cp", "-r", fixture->efi, copy, NULL});
    run((const char *const[]){"rm", "-rf", fixture->efi, NULL});
    efi = g_steal_pointer(&fixture->efi);
    fixture->efi = g_steal_pointer(&copy);
    second = make(fixture, "two");
    run((const char *const[]){"cmp", first, second, NULL});
}

static void
expect_refusal(const Fixture *fixture, const char *why)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(mvm_efi_folder_list(fixture->efi, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, why));
    g_assert_null(strpbrk(error->message, "\n\x1b"));
}

static void
test_links(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *link = g_build_filename(fixture->efi, "OC", "link", NULL);
    g_autofree char *secret = g_build_filename(fixture->dir, "EFI-not", NULL);
    g_autoptr(GPtrArray) entries = NULL;

    g_assert_cmpint(symlink("OpenCore.efi", link), ==, 0);
    entries = mvm_efi_folder_list(fixture->efi, NULL);
    g_assert_nonnull(entries);
    g_assert_true(g_file_set_contents(secret, "secret", -1, NULL));
    for (int i = 0; i < 3; i++) {
        static const char *const targets[] = {"/etc/passwd", "../../EFI-not", "../BOOT"};
        static const char *const whys[] = {"leads out", "leads out", "else than a file"};

        g_assert_cmpint(unlink(link), ==, 0);
        g_assert_cmpint(symlink(targets[i], link), ==, 0);
        expect_refusal(fixture, whys[i]);
    }
}

static void
test_refused(Fixture *fixture, gconstpointer unused)
{
    static const char *const names[] = {"OC/a:b", "OC/a\nb", "OC/a*",
                                        "OC/x.",  "OC/a\\b", "OC/\xff"};
    g_autofree char *pipe = g_build_filename(fixture->efi, "OC", "pipe", NULL);
    g_autofree char *boot = g_build_filename(fixture->efi, "BOOT", "BOOTx64.efi", NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(fixture->efi, names[i], NULL);

        put(fixture, names[i], "x");
        expect_refusal(fixture, "FAT has no such name");
        g_assert_cmpint(unlink(path), ==, 0);
    }
    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    expect_refusal(fixture, "neither a file nor a folder");
    g_assert_cmpint(unlink(pipe), ==, 0);
    put(fixture, "OC/opencore.EFI", "x");
    expect_refusal(fixture, "upper and lower case");
    g_assert_cmpint(unlink(boot), ==, 0);
}

static void
test_bounds(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *big = g_build_filename(fixture->efi, "OC", "big", NULL);
    g_autoptr(GString) deep = g_string_new("OC");
    g_autofree char *boot = g_build_filename(fixture->efi, "BOOT", "BOOTx64.efi", NULL);

    put(fixture, "OC/big", "x");
    g_assert_cmpint(truncate(big, MVM_EFI_MAX_SIZE), ==, 0);
    expect_refusal(fixture, "too much data");
    g_assert_cmpint(unlink(big), ==, 0);
    g_assert_cmpint(unlink(boot), ==, 0);
    expect_refusal(fixture, "BOOTX64.EFI");
    for (int i = 0; i < MVM_EFI_MAX_DEPTH; i++)
        g_string_append(deep, "/d");
    g_string_append(deep, "/x");
    put(fixture, deep->str, "x");
    expect_refusal(fixture, "too many folders");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/opencore-image/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("read-back", test_read_back);
    ADD("same-twice", test_same_twice);
    ADD("links", test_links);
    ADD("refused", test_refused);
    ADD("bounds", test_bounds);
    return g_test_run();
}
