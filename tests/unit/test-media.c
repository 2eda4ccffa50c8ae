/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/catalog.h"
#include "util/error.h"

#include <string.h>

static void
test_catalog_find(void)
{
    const struct {
        const char *text, *id;
    } cases[] = {
        {"14", "14"},
        {"sonoma", "14"},
        {"Sonoma", "14"},
        {"macOS 11", "11"},
        {"macOS High Sierra", "10.13"},
        {"high_sierra", "10.13"},
        {"10.15", "10.15"},
        {"big-sur", "11"},
        {"26", "26"},
        {NULL, "14"},
    };
    const char *bad[] = {"", "9", "14.2", "10.1", "10", "lion", "son oma", "macos", "-"};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const MvmMediaVersion *version = mvm_media_version_find(cases[i].text, NULL);

        g_assert_nonnull(version);
        g_assert_cmpstr(version->id, ==, cases[i].id);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(mvm_media_version_find(bad[i], &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
    }
}

/* What the recovery protocol demands of a row. */
static void
test_catalog_rows(void)
{
    size_t count = 0;
    const MvmMediaVersion *versions = mvm_media_versions(&count);
    unsigned defaults = 0;

    g_assert_cmpuint(count, ==, 9);
    for (size_t i = 0; i < count; i++) {
        g_assert_cmpuint(strlen(versions[i].mlb), ==, 17);
        g_assert_cmpuint(strlen(versions[i].board_id), ==, strlen("Mac-827FAC58A8FDFA22"));
        g_assert_true(g_str_has_prefix(versions[i].board_id, "Mac-"));
        g_assert_true(strcmp(versions[i].os, "default") == 0 ||
                      strcmp(versions[i].os, "latest") == 0);
        defaults += mvm_media_version_is_default(&versions[i]);
    }
    g_assert_cmpuint(defaults, ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
    g_test_add_func("/catalog/find", test_catalog_find);
    g_test_add_func("/catalog/rows", test_catalog_rows);
    return g_test_run();
}
