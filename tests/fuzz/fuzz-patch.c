/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Patches as a user drops them in: read, checked, and placed on a text in both directions. The
 * input is the patch, then a zero byte and the text; without one the text is a fixed one. */
#include "upstream/patch.h"

#include <stdint.h>
#include <string.h>

typedef struct {
    const char *text;
    size_t len;
} Text;

static bool
read_text(const char *path, char **ret_text, size_t *ret_len, void *opaque, GError **error)
{
    const Text *text = opaque;

    /* What got through the checks must stay in the work tree. */
    if (path[0] == '/' || strncmp(path, "../", 3) == 0 || strstr(path, "/../") != NULL ||
        strncmp(path, ".git/", 5) == 0)
        g_error("unsafe path '%s'", path);
    *ret_text = g_strndup(text->text, text->len);
    *ret_len = strlen(*ret_text);
    return true;
}

/* What is placed must be a patch again, about the same files. */
static void
check_placed(const MvmPatch *patch, const char *placed)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MvmPatch) again = mvm_patch_parse("again", placed, strlen(placed), &error);
    g_autoptr(GPtrArray) before = mvm_patch_list_paths(patch);
    g_autoptr(GPtrArray) after = NULL;

    g_assert_no_error(error);
    after = mvm_patch_list_paths(again);
    g_assert_cmpuint(before->len, ==, after->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = size > 0 ? (const char *)data : "";
    const char *zero = memchr(bytes, '\0', size);
    size_t len = zero != NULL ? (size_t)(zero - bytes) : size;
    Text text = {"a\nb\nc\n", 6};
    g_autoptr(MvmPatch) patch = mvm_patch_parse("fuzz", bytes, len, NULL);

    if (zero != NULL)
        text = (Text){zero + 1, size - len - 1};
    for (int direction = MVM_PATCH_FORWARD; patch != NULL && direction <= MVM_PATCH_REVERSE;
         direction++) {
        g_autofree char *placed =
            mvm_patch_place(patch, (MvmPatchDirection)direction, read_text, &text, NULL);

        if (placed != NULL)
            check_placed(patch, placed);
    }
    return 0;
}
