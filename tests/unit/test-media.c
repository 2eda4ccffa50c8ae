/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine/os.h"
#include "media/answer.h"
#include "media/catalog.h"
#include "util/error.h"

#include <string.h>

/* Every version of the machine part can be asked for, by what the recovery protocol demands. */
static void
test_catalog(void)
{
    size_t count = 0;
    const MvmOs *versions = mvm_os_list(&count);

    for (size_t i = 0; i < count; i++) {
        const MvmMediaRequest *request = mvm_media_request_find(versions[i].id);

        g_assert_nonnull(request);
        g_assert_cmpuint(strlen(request->mlb), ==, 17);
        g_assert_cmpuint(strlen(request->board_id), ==, strlen("Mac-827FAC58A8FDFA22"));
        g_assert_true(g_str_has_prefix(request->board_id, "Mac-"));
        g_assert_true(strcmp(request->os, "default") == 0 || strcmp(request->os, "latest") == 0);
    }
    g_assert_null(mvm_media_request_find("10.12"));
}

/* A body of no bytes has no buffer either. */
static void
test_empty_answer(void)
{
    g_auto(MvmAnswer) answer = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(mvm_answer_parse(NULL, 0, NULL, &answer, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
    g_assert_nonnull(mvm_error_get_hint(error));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
    g_test_add_func("/catalog", test_catalog);
    g_test_add_func("/empty-answer", test_empty_answer);
    return g_test_run();
}
