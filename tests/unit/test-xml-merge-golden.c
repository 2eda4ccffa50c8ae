/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Merges of whole domains: tests/golden/merge/<case>/{base,live,new}.xml give merged.xml and
 * conflicts.txt. The live documents are what libvirt 9.0 said of the domain after it was defined
 * (canonical) and after its user edited it (edited), with the home directory renamed.
 */
#include "xml/merge.h"

#include <string.h>

static const char *const cases[] = {
    "adopt",         "canonical",        "canonical-changes",
    "conflict-live", "conflict-new",     "conflict-stop",
    "edited",        "edited-changes",   "forced",
    "retyped",       "retyped-conflict", "retyped-new",
};

static char *
golden(const char *name, const char *file)
{
    return g_build_filename(MVM_GOLDEN_DIR, name, file, NULL);
}

/* The document, or NULL when there is no such file. */
static xmlDoc *
load(const char *name, const char *file)
{
    g_autofree char *path = golden(name, file);
    g_autoptr(GError) error = NULL;
    xmlDoc *doc = NULL;

    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return NULL;
    doc = mvm_xml_parse_file(path, &error);
    g_assert_no_error(error);
    return doc;
}

static void
load_options(const char *name, MvmMergeInput *input, char ***ret_forced)
{
    g_autofree char *path = golden(name, "options.ini");
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *policy = NULL;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
        return;
    policy = g_key_file_get_string(file, "merge", "policy", NULL);
    if (g_strcmp0(policy, "live") == 0)
        input->policy = MVM_MERGE_LIVE;
    if (g_strcmp0(policy, "new") == 0)
        input->policy = MVM_MERGE_NEW;
    *ret_forced = g_key_file_get_string_list(file, "merge", "forced", NULL, NULL);
    input->forced = (const char *const *)*ret_forced;
}

static char *
list_conflicts(const MvmMergeResult *result)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < result->conflicts->len; i++) {
        const MvmMergeConflict *conflict = result->conflicts->pdata[i];

        g_string_append_printf(text, "%s\n  base: %s\n  live: %s\n  new:  %s\n", conflict->path,
                               conflict->base, conflict->live, conflict->new);
    }
    return g_string_free(text, FALSE);
}

/* Compares text with the golden file, or writes it there. */
static void
check(const char *name, const char *file, const char *text)
{
    g_autofree char *path = golden(name, file);
    g_autofree char *expected = NULL;

    if (g_getenv("MVM_TEST_REGENERATE") != NULL)
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_true(g_file_get_contents(path, &expected, NULL, NULL));
    g_assert_cmpstr(text, ==, expected);
}

static void
test_golden(const void *data)
{
    const char *name = data;
    g_autoptr(xmlDoc) base = load(name, "base.xml");
    g_autoptr(xmlDoc) live = load(name, "live.xml");
    g_autoptr(xmlDoc) new = load(name, "new.xml");
    g_autoptr(xmlDoc) before = mvm_xml_copy(live);
    g_auto(GStrv) forced = NULL;
    MvmMergeInput input = {base, live, new, MVM_MERGE_STOP, NULL};
    g_autoptr(MvmMergeResult) result = NULL;
    g_autofree char *merged = NULL;
    g_autofree char *conflicts = NULL;

    load_options(name, &input, &forced);
    result = mvm_merge(&input);
    merged = mvm_xml_to_text(result->merged);
    conflicts = list_conflicts(result);
    check(name, "merged.xml", merged);
    check(name, "conflicts.txt", conflicts);
    g_assert_true(mvm_xml_equal(xmlDocGetRootElement(live), xmlDocGetRootElement(before)));
    g_assert_true(result->conflicts->len == 0 || !result->changed);
}

/* What libvirt added to a rendering is not an edit: nothing changes, nothing is in conflict. */
static void
test_nothing_spurious(void)
{
    const char *names[] = {"canonical", "edited", "retyped"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(xmlDoc) base = load(names[i], "base.xml");
        g_autoptr(xmlDoc) live = load(names[i], "live.xml");

        for (int policy = MVM_MERGE_STOP; policy <= MVM_MERGE_NEW; policy++) {
            MvmMergeInput input = {base, live, base, (MvmMergePolicy)policy, NULL};
            g_autoptr(MvmMergeResult) result = mvm_merge(&input);

            g_assert_cmpuint(result->conflicts->len, ==, 0);
            g_assert_false(result->changed);
        }
    }
}

/* libvirt's own schema accepts what the merge made. */
static void
test_schema(const void *data)
{
    g_autofree char *program = g_find_program_in_path("virt-xml-validate");
    g_autofree char *path = golden(data, "merged.xml");
    g_autoptr(GError) error = NULL;
    g_autofree char *output = NULL;
    char *argv[] = {program, path, (char *)"domain", NULL};
    int status = 0;

    if (program == NULL) {
        g_test_skip("no virt-xml-validate");
        return;
    }
    g_assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, &output,
                               &status, &error));
    if (status != 0)
        g_error("%s: %s", path, output);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *merge = g_strdup_printf("/golden/%s", cases[i]);
        g_autofree char *schema = g_strdup_printf("/schema/%s", cases[i]);

        g_test_add_data_func(merge, cases[i], test_golden);
        g_test_add_data_func(schema, cases[i], test_schema);
    }
    g_test_add_func("/nothing-spurious", test_nothing_spurious);
    return g_test_run();
}
