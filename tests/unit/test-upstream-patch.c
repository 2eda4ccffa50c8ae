/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading patches, refusing them, and finding the place where their hunks belong. */
#include "upstream/patch.h"
#include "util/error.h"

#include <string.h>

#define HEADER "diff --git a/f b/f\n--- a/f\n+++ b/f\n"

/* Gives the same text, or no file for NULL, whatever is asked for. */
static bool
read_constant(const char *path, char **ret_text, size_t *ret_len, void *opaque, GError **error)
{
    *ret_text = g_strdup(opaque);
    *ret_len = opaque != NULL ? strlen(opaque) : 0;
    return true;
}

static MvmPatch *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    MvmPatch *patch = mvm_patch_parse("t.patch", text, strlen(text), &error);

    g_assert_no_error(error);
    return patch;
}

static void
test_place(void)
{
    static const struct {
        const char *hunks;
        const char *text;
        MvmPatchDirection direction;
        const char *expected; /* NULL: does not fit */
    } cases[] = {
        /* Where it says, further down, further up, and the nearest of two. */
        {"@@ -2 +2 @@\n-b\n+B\n", "a\nb\nc\n", MVM_PATCH_FORWARD, "@@ -2,1 +2,1 @@\n-b\n+B\n"},
        {"@@ -2 +2 @@\n-b\n+B\n", "1\n2\n3\nb\n", MVM_PATCH_FORWARD, "@@ -4,1 +4,1 @@\n-b\n+B\n"},
        {"@@ -9 +9 @@\n-b\n+B\n", "a\nb\nc\n", MVM_PATCH_FORWARD, "@@ -2,1 +2,1 @@\n-b\n+B\n"},
        {"@@ -5 +5 @@\n-b\n+B\n", "b\n2\n3\n4\n5\nb\n7\n", MVM_PATCH_FORWARD,
         "@@ -6,1 +6,1 @@\n-b\n+B\n"},
        /* The second hunk moves along with the first, and never before it. */
        {"@@ -1 +1,2 @@\n a\n+x\n@@ -3 +4 @@\n-c\n+C\n", "0\na\nb\nc\n", MVM_PATCH_FORWARD,
         "@@ -2,1 +2,2 @@\n a\n+x\n@@ -4,1 +5,1 @@\n-c\n+C\n"},
        {"@@ -1 +1 @@\n-a\n+x\n@@ -3 +3 @@\n-b\n+B\n", "b\na\n", MVM_PATCH_FORWARD, NULL},
        /* Turned round. */
        {"@@ -2,2 +2,3 @@\n-b\n c\n+d\n+e\n", "a\nc\nd\ne\n", MVM_PATCH_REVERSE,
         "@@ -2,3 +2,2 @@\n+b\n c\n-d\n-e\n"},
        {"@@ -2 +2 @@\n-b\n+B\n", "a\nb\n", MVM_PATCH_REVERSE, NULL},
        /* The end of a file without a newline is part of what must fit. */
        {"@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n", "a", MVM_PATCH_FORWARD,
         "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+b\n"},
        {"@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n", "b\n", MVM_PATCH_REVERSE,
         "@@ -1,1 +1,1 @@\n-b\n+a\n\\ No newline at end of file\n"},
        {"@@ -1 +1 @@\n-a\n+b\n", "a", MVM_PATCH_FORWARD, NULL},
        /* Nothing to hold on to, no file, something else there. */
        {"@@ -1,0 +2 @@\n+b\n", "a\n", MVM_PATCH_FORWARD, NULL},
        {"@@ -0,0 +1 @@\n+b\n", "", MVM_PATCH_FORWARD, "@@ -0,0 +1,1 @@\n+b\n"},
        {"@@ -1 +1 @@\n-a\n+b\n", NULL, MVM_PATCH_FORWARD, NULL},
        {"@@ -1 +1 @@\n-a\n+b\n", "", MVM_PATCH_FORWARD, NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat(HEADER, cases[i].hunks, NULL);
        g_autofree char *expected =
            cases[i].expected != NULL ? g_strconcat(HEADER, cases[i].expected, NULL) : NULL;
        g_autoptr(MvmPatch) patch = parse(text);
        g_autoptr(GError) error = NULL;
        g_autofree char *placed = mvm_patch_place(patch, cases[i].direction, read_constant,
                                                  (void *)cases[i].text, &error);

        g_assert_cmpstr(placed, ==, expected);
        if (expected == NULL)
            g_assert_error(error, MVM_ERROR, MVM_ERROR_CONFLICT);
    }
}

static void
test_place_says_where(void)
{
    g_autoptr(MvmPatch) patch = parse(HEADER "@@ -1 +1 @@\n-a\n+A\n@@ -7 +7 @@\n-b\n+B\n");
    g_autoptr(GError) error = NULL;

    g_assert_null(
        mvm_patch_place(patch, MVM_PATCH_FORWARD, read_constant, (void *)"a\nc\n", &error));
    g_assert_cmpstr(error->message, ==,
                    "cannot apply the patch 't.patch': hunk 2 (line 7) does not fit 'f'");
}

/* Nothing but equal lines: a search of each place would compare 15 thousand million. */
static void
test_place_gives_up(void)
{
    const size_t count = 250000;
    g_autofree char *text = g_malloc(2 * count + 1);
    g_autoptr(GString) diff = g_string_new(HEADER);
    g_autoptr(MvmPatch) patch = NULL;
    g_autoptr(GError) error = NULL;

    memset(text, '\n', 2 * count);
    text[2 * count] = '\0';
    g_string_append_printf(diff, "@@ -1,%zu +1,%zu @@\n", count + 1, count + 1);
    for (size_t i = 0; i < count; i++)
        g_string_append(diff, " \n");
    g_string_append(diff, "-x\n+y\n");
    patch = parse(diff->str);
    g_assert_null(mvm_patch_place(patch, MVM_PATCH_FORWARD, read_constant, text, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_CONFLICT);
}

static void
test_new_and_deleted_files(void)
{
    g_autoptr(MvmPatch) patch = parse("diff --git a/f b/f\nnew file mode 100755\n--- /dev/null\n"
                                      "+++ b/f\n@@ -0,0 +1 @@\n+a\n");
    g_autoptr(GError) error = NULL;
    g_autofree char *added = mvm_patch_place(patch, MVM_PATCH_FORWARD, read_constant, NULL, NULL);
    g_autofree char *deleted =
        mvm_patch_place(patch, MVM_PATCH_REVERSE, read_constant, (void *)"a\n", NULL);

    g_assert_cmpstr(added, ==,
                    "diff --git a/f b/f\nnew file mode 100755\n--- /dev/null\n+++ b/f\n"
                    "@@ -0,0 +1,1 @@\n+a\n");
    g_assert_cmpstr(deleted, ==,
                    "diff --git a/f b/f\ndeleted file mode 100755\n--- a/f\n+++ /dev/null\n"
                    "@@ -1,1 +0,0 @@\n-a\n");
    g_assert_null(mvm_patch_place(patch, MVM_PATCH_FORWARD, read_constant, (void *)"a\n", &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_CONFLICT);
    g_clear_error(&error);
    /* What was added to the file since would be lost with it. */
    g_assert_null(
        mvm_patch_place(patch, MVM_PATCH_REVERSE, read_constant, (void *)"a\nb\n", &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_CONFLICT);
}

/* What is placed is read by libgit2 again. */
static void
test_changed_mode(void)
{
    g_autoptr(MvmPatch) patch = parse("diff --git a/f b/f\nold mode 100644\nnew mode 100755\n"
                                      "index 7898192..6178079\n--- a/f\n+++ b/f\n"
                                      "@@ -1 +1 @@\n-a\n+b\n");
    g_autofree char *placed =
        mvm_patch_place(patch, MVM_PATCH_FORWARD, read_constant, (void *)"x\na\n", NULL);
    g_autoptr(MvmPatch) again = parse(placed);
    g_autofree char *back =
        mvm_patch_place(again, MVM_PATCH_REVERSE, read_constant, (void *)"x\nb\n", NULL);

    g_assert_cmpstr(placed, ==,
                    "diff --git a/f b/f\nold mode 100644\nnew mode 100755\n"
                    "index 1111111..2222222\n--- a/f\n+++ b/f\n@@ -2,1 +2,1 @@\n-a\n+b\n");
    g_assert_cmpstr(back, ==,
                    "diff --git a/f b/f\nold mode 100755\nnew mode 100644\n"
                    "index 1111111..2222222\n--- a/f\n+++ b/f\n@@ -2,1 +2,1 @@\n-b\n+a\n");
}

static void
test_plain_diff(void)
{
    g_autoptr(MvmPatch) patch = parse("Why it is\n--- x/d/f.txt\t2020-01-01 00:00\n+++ y/d/f.txt\n"
                                      "@@ -1,2 +1,2 @@\n a\n--- b\n+++ c\n"
                                      "--- x/g\n+++ /dev/null\n@@ -1 +0,0 @@\n-g\n");
    g_autoptr(GPtrArray) paths = mvm_patch_list_paths(patch);

    g_assert_cmpuint(paths->len, ==, 2);
    g_assert_cmpstr(paths->pdata[0], ==, "d/f.txt");
    g_assert_cmpstr(paths->pdata[1], ==, "g");
}

static void
assert_refused(const char *data, size_t len)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MvmPatch) patch = mvm_patch_parse("t.patch", data, len, &error);

    if (patch != NULL)
        g_test_message("not refused: %s", data);
    g_assert_null(patch);
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "t.patch"));
}

static void
test_refused_paths(void)
{
    static const char *const paths[] = {
        "../f", "a/../f", "/f", ".git/config", "a/.git/f", ".GIT/config", ".git",     "git~1/f",
        "./f",  "a/./f",  "..", "a\\f",        "",         "a/../../f",   "..\\..\\f"};

    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *git = g_strdup_printf("diff --git a/%s b/%s\n--- a/%s\n+++ b/%s\n"
                                               "@@ -1 +1 @@\n-a\n+b\n",
                                               paths[i], paths[i], paths[i], paths[i]);
        g_autofree char *plain =
            g_strdup_printf("--- a/%s\n+++ b/%s\n@@ -1 +1 @@\n-a\n+b\n", paths[i], paths[i]);

        assert_refused(git, strlen(git));
        assert_refused(plain, strlen(plain));
    }
}

static void
test_refused_kinds(void)
{
    static const char *const patches[] = {
        "",
        "prose\n",
        HEADER,
        HEADER "@@ -1 +1 @@\n-a\n",
        HEADER "@@ -1,99999999999 +1 @@\n-a\n+b\n",
        "@@ -1 +1 @@\n-a\n+b\n",
        "--- f\n+++ f\n@@ -1 +1 @@\n-a\n+b\n",
        "--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n",
        "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+x\n",
        "diff --git a/m b/m\nnew file mode 160000\n--- /dev/null\n+++ b/m\n@@ -0,0 +1 @@\n+x\n",
        "diff --git a/f b/g\nsimilarity index 100%\nrename from f\nrename to g\n",
        "diff --git a/f b/g\nsimilarity index 100%\ncopy from f\ncopy to g\n",
        "diff --git a/f b/f\nindex 1..2\nBinary files a/f and b/f differ\n",
    };
    g_autofree char *big = g_strnfill(MVM_PATCH_MAX + 1, '\n');
    g_autoptr(GString) many = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(patches); i++)
        assert_refused(patches[i], strlen(patches[i]));
    assert_refused(big, MVM_PATCH_MAX + 1);
    for (int i = 0; i < 257; i++)
        g_string_append_printf(many, "--- a/%d\n+++ b/%d\n@@ -1 +1 @@\n-a\n+b\n", i, i);
    assert_refused(many->str, many->len);
    assert_refused(HEADER "@@ -1 +1 @@\n-a\n+\0\n", sizeof(HEADER "@@ -1 +1 @@\n-a\n+\0\n") - 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/patch/place", test_place);
    g_test_add_func("/patch/place-says-where", test_place_says_where);
    g_test_add_func("/patch/place-gives-up", test_place_gives_up);
    g_test_add_func("/patch/new-and-deleted-files", test_new_and_deleted_files);
    g_test_add_func("/patch/changed-mode", test_changed_mode);
    g_test_add_func("/patch/plain-diff", test_plain_diff);
    g_test_add_func("/patch/refused-paths", test_refused_paths);
    g_test_add_func("/patch/refused-kinds", test_refused_kinds);
    return g_test_run();
}
