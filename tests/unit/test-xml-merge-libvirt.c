/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The merge over what libvirt 9.0, 11.3 and 12.8 really make of macvm's domains:
 * tests/golden/libvirt/<case>/base.xml is a rendering, <version>-inactive.xml and -live.xml what
 * that libvirt printed of it, <from>-on-<version>.xml what it printed of another one's
 * (tests/manual/record_domains.py). What libvirt adds is nobody's edit, wherever the machine was.
 */
#include "xml/merge.h"

#include <string.h>

static GPtrArray *
list_dir(const char *path, const char *ending)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(path, 0, &error);
    const char *name = NULL;

    g_assert_no_error(error);
    while ((name = g_dir_read_name(dir)) != NULL) {
        if (g_str_has_suffix(name, ending) && strcmp(name, "base.xml") != 0)
            g_ptr_array_add(names, g_strdup(name));
    }
    g_assert_cmpuint(names->len, >, 0);
    return names;
}

static xmlDoc *
load(const char *name, const char *file)
{
    g_autofree char *path = g_build_filename(MVM_GOLDEN_DIR, name, file, NULL);
    g_autoptr(GError) error = NULL;
    xmlDoc *doc = mvm_xml_parse_file(path, &error);

    g_assert_no_error(error);
    return doc;
}

static void
assert_no_conflicts(const MvmMergeResult *result)
{
    for (unsigned i = 0; i < result->conflicts->len; i++) {
        const MvmMergeConflict *conflict = result->conflicts->pdata[i];

        g_error("a conflict about %s: base %s, live %s, new %s", conflict->path, conflict->base,
                conflict->live, conflict->new);
    }
    g_assert_cmpuint(result->overruled->len, ==, 0);
}

static void
assert_no_edits(xmlDoc *base, xmlDoc *live)
{
    g_autoptr(GPtrArray) edits = mvm_merge_list_edits(base, live);

    for (unsigned i = 0; i < edits->len; i++) {
        const MvmMergeConflict *edit = edits->pdata[i];

        g_error("taken for an edit: %s: was %s, is %s", edit->path, edit->base, edit->live);
    }
}

/* The same rendering again changes nothing, and nothing in the domain is an edit. A running one has
 * what belongs to that run: it is never what is merged, but must not be harmed either. */
static void
test_unchanged(const void *data)
{
    const char *name = data;
    g_autofree char *dir = g_build_filename(MVM_GOLDEN_DIR, name, NULL);
    g_autoptr(GPtrArray) files = list_dir(dir, ".xml");
    g_autoptr(xmlDoc) base = load(name, "base.xml");

    for (unsigned i = 0; i < files->len; i++) {
        g_autoptr(xmlDoc) live = load(name, files->pdata[i]);

        for (int policy = MVM_MERGE_STOP; policy <= MVM_MERGE_NEW; policy++) {
            MvmMergeInput input = {base, live, base, (MvmMergePolicy)policy, NULL};
            g_autoptr(MvmMergeResult) result = mvm_merge(&input);

            assert_no_conflicts(result);
            g_assert_false(result->changed);
        }
        if (!g_str_has_suffix(files->pdata[i], "-live.xml"))
            assert_no_edits(base, live);
    }
}

/* macvm makes another machine of it: all of that arrives, with no word of an edit, nothing of the
 * machine before is left in the way, and it is done then. */
static void
check_change(xmlDoc *base, xmlDoc *live, xmlDoc *new)
{
    MvmMergeInput input = {base, live, new, MVM_MERGE_STOP, NULL};
    g_autoptr(MvmMergeResult) result = mvm_merge(&input);
    g_autoptr(MvmMergeResult) again = NULL;
    g_autofree char *machine = mvm_xml_get(live, "/domain/os/type/@machine");
    g_autofree char *kept = mvm_xml_get(result->merged, "/domain/os/type/@machine");

    assert_no_conflicts(result);
    assert_no_edits(new, result->merged);
    g_assert_cmpstr(kept, ==, machine);
    input.base = new;
    input.live = result->merged;
    again = mvm_merge(&input);
    assert_no_conflicts(again);
    g_assert_false(again->changed);
}

static void
test_changes(const void *data)
{
    const char *name = data;
    g_autofree char *dir = g_build_filename(MVM_GOLDEN_DIR, name, NULL);
    g_autoptr(GPtrArray) files = list_dir(dir, ".xml");
    g_autoptr(GPtrArray) others = list_dir(MVM_GOLDEN_DIR, "");
    g_autoptr(xmlDoc) base = load(name, "base.xml");

    for (unsigned i = 0; i < files->len; i++) {
        g_autoptr(xmlDoc) live = NULL;

        if (g_str_has_suffix(files->pdata[i], "-live.xml"))
            continue;
        live = load(name, files->pdata[i]);
        for (unsigned k = 0; k < others->len; k++) {
            g_autoptr(xmlDoc) new = load(others->pdata[k], "base.xml");

            check_change(base, live, new);
        }
    }
}

int
main(int argc, char **argv)
{
    g_autoptr(GPtrArray) names = list_dir(MVM_GOLDEN_DIR, "");

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *unchanged = g_strconcat("/unchanged/", names->pdata[i], NULL);
        g_autofree char *changes = g_strconcat("/changes/", names->pdata[i], NULL);

        g_test_add_data_func(unchanged, names->pdata[i], test_unchanged);
        g_test_add_data_func(changes, names->pdata[i], test_changes);
    }
    return g_test_run();
}
