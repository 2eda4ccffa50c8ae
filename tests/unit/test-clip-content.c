/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/content.h"
#include "util/error.h"

#include <string.h>

static void
test_types(void)
{
    for (int i = 0; i < MVM_CLIP_TYPE_COUNT; i++) {
        const char *media = mvm_clip_type_media((MvmClipType)i);

        g_assert_nonnull(strchr(media, '/'));
        g_assert_cmpuint(mvm_clip_type_max((MvmClipType)i), <=, MVM_CLIP_TOTAL_MAX);
        for (int k = 0; k < i; k++)
            g_assert_cmpstr(media, !=, mvm_clip_type_media((MvmClipType)k));
    }
}

static void
test_utf8(void)
{
    const struct {
        const char *text;
        size_t size;
        bool valid;
    } cases[] = {
        {"", 0, true},
        {"a\nb\n\n", 5, true},
        {"\xf0\x9f\x8d\x8e", 4, true}, /* U+1F34E */
        {"e\xcc\x81\xe2\x80\xa8", 6, true},
        {"\0", 1, true},
        {"a\0b\0", 4, true},
        {"\xff", 1, false},
        {"a\0\xff", 3, false},
        {"\xc3", 1, false},
        {"\xed\xa0\x80", 3, false}, /* a surrogate */
        {"\xc0\x80", 2, false},     /* an overlong U+0000 */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) bytes = mvm_clip_bytes_copy(cases[i].text, cases[i].size);

        g_assert_cmpint(mvm_clip_bytes_is_utf8(bytes), ==, cases[i].valid);
        g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), cases[i].text,
                        cases[i].size);
    }
}

static void
test_origin(void)
{
    g_autofree char *longest = g_strnfill(MVM_CLIP_ORIGIN_MAX, 'a');
    g_autofree char *longer = g_strnfill(MVM_CLIP_ORIGIN_MAX + 1, 'a');

    g_assert_true(mvm_clip_origin_is_valid("7c0f7f0e-2c3b-4d52-9f0b-5d6a4b8f0a11"));
    g_assert_true(mvm_clip_origin_is_valid(longest));
    g_assert_false(mvm_clip_origin_is_valid(longer));
    g_assert_false(mvm_clip_origin_is_valid(""));
    g_assert_false(mvm_clip_origin_is_valid("a;b"));
    g_assert_false(mvm_clip_origin_is_valid("a b"));
    g_assert_false(mvm_clip_origin_is_valid("\xc3\xa9"));
}

static void
test_content(void)
{
    g_autoptr(MvmClipContent) content = mvm_clip_content_new("me", true);
    g_autoptr(GBytes) text = g_bytes_new_static("one\n", 4);
    g_autoptr(GBytes) other = g_bytes_new_static("three", 5);

    g_assert_cmpuint(mvm_clip_content_get_types(content), ==, 0);
    g_assert_true(mvm_clip_content_set(content, MVM_CLIP_TEXT, text, NULL));
    g_assert_true(mvm_clip_content_set(content, MVM_CLIP_PNG, other, NULL));
    g_assert_true(mvm_clip_content_set(content, MVM_CLIP_TEXT, other, NULL));
    g_assert_cmpuint(mvm_clip_content_get_size(content), ==, 10);
    g_assert_cmpuint(mvm_clip_content_get_types(content), ==,
                     MVM_CLIP_BIT(MVM_CLIP_TEXT) | MVM_CLIP_BIT(MVM_CLIP_PNG));
    g_assert_true(mvm_clip_content_get(content, MVM_CLIP_TEXT) == other);
    g_assert_null(mvm_clip_content_get(content, MVM_CLIP_HTML));
    g_assert_cmpstr(mvm_clip_content_get_origin(content), ==, "me");
    g_assert_true(mvm_clip_content_is_secret(content));
}

/* Sets a type to size bytes (that are never touched) and tells whether it was accepted. */
static bool
set_size(MvmClipContent *content, MvmClipType type, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new_take(g_malloc0(size), size);
    g_autoptr(GError) error = NULL;
    bool set = mvm_clip_content_set(content, type, bytes, &error);

    if (!set)
        g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
    return set;
}

static void
test_caps(void)
{
    g_autoptr(MvmClipContent) content = mvm_clip_content_new(NULL, false);

    g_assert_false(set_size(content, MVM_CLIP_TEXT, MVM_CLIP_TEXT_MAX + 1));
    g_assert_false(set_size(content, MVM_CLIP_PNG, MVM_CLIP_IMAGE_MAX + 1));
    g_assert_cmpuint(mvm_clip_content_get_size(content), ==, 0);
    g_assert_true(set_size(content, MVM_CLIP_TEXT, MVM_CLIP_TEXT_MAX));
    g_assert_true(set_size(content, MVM_CLIP_PNG, MVM_CLIP_IMAGE_MAX));
    g_assert_false(set_size(content, MVM_CLIP_HTML, 1));
    g_assert_cmpuint(mvm_clip_content_get_size(content), ==, MVM_CLIP_TOTAL_MAX);
    /* Replacing counts the old bytes out. */
    g_assert_true(set_size(content, MVM_CLIP_TEXT, 5));
    g_assert_true(set_size(content, MVM_CLIP_HTML, 1));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/types", test_types);
    g_test_add_func("/utf8", test_utf8);
    g_test_add_func("/origin", test_origin);
    g_test_add_func("/content", test_content);
    g_test_add_func("/caps", test_caps);
    return g_test_run();
}
