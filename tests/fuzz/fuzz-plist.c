/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes as a property list, and changes to it: what was set is there, whatever else was there
 * before the place and behind it still is, and setting it again changes nothing. The first line is
 * the key path, the rest the list.
 */
#include "media/plist.h"
#include "util/error.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    MvmPlistType type;
    const char *text;
} values[] = {
    {MVM_PLIST_STRING, "a<b>&c"},
    {MVM_PLIST_BOOLEAN, "true"},
    {MVM_PLIST_DATA, "UlQArBIr"},
    {MVM_PLIST_INTEGER, "-7"},
};

/* after is before with one run of bytes replaced, which is no longer than the one element. */
static void
check_rest(const char *before, size_t before_len, const char *after, size_t after_len)
{
    size_t same = 0, tail = 0, least = MIN(before_len, after_len);

    while (same < least && before[same] == after[same])
        same++;
    while (tail < least - same && before[before_len - 1 - tail] == after[after_len - 1 - tail])
        tail++;
    /* What came in: key, indentation and element; the rest of after is all from before. */
    g_assert_cmpuint(after_len - same - tail, <=, 4096 + before_len - same - tail);
}

static void
check_set(MvmPlist *plist, const char *path)
{
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        size_t before_len = 0, after_len = 0;
        g_autofree char *before =
            g_strdup(mvm_plist_get_text(plist, &before_len)); /* no NUL in what was parsed */
        const char *after = NULL;
        g_autofree char *got = NULL, *again = NULL;
        MvmPlistType type = MVM_PLIST_ARRAY;
        g_autoptr(GError) error = NULL;

        if (!mvm_plist_set(plist, path, values[i].type, values[i].text, &error)) {
            g_assert_nonnull(error);
            after = mvm_plist_get_text(plist, &after_len);
            g_assert_cmpmem(before, before_len, after, after_len);
            return;
        }
        got = mvm_plist_get(plist, path, &type, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(got, ==, values[i].text);
        g_assert_cmpint(type, ==, values[i].type);
        after = mvm_plist_get_text(plist, &after_len);
        check_rest(before, before_len, after, after_len);
        again = g_strdup(after);
        g_assert_true(mvm_plist_set(plist, path, values[i].type, values[i].text, NULL));
        after = mvm_plist_get_text(plist, &after_len);
        g_assert_cmpstr(after, ==, again);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t head = line != NULL ? (size_t)(line - data) : 0;
    g_autofree char *raw = line != NULL ? g_strndup((const char *)data, head) : NULL;
    g_autoptr(MvmPlist) plist = NULL;
    g_autofree char *path = NULL, *text = NULL;
    g_autoptr(GError) error = NULL;

    if (line == NULL)
        return 0;
    path = g_utf8_make_valid(raw, -1);
    plist = mvm_plist_parse((const char *)line + 1, size - head - 1, "input", &error);
    g_assert_true((plist == NULL) == (error != NULL));
    if (plist == NULL)
        return 0;
    text = mvm_plist_get(plist, path, NULL, NULL);
    check_set(plist, path);
    return 0;
}
