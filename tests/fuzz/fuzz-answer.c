/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A recovery server's answer from any bytes, and a Content-Range header. */
#include "media/answer.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_value(const char *value)
{
    g_assert_cmpuint(strlen(value), >, 0);
    for (; *value != '\0'; value++)
        g_assert_true(g_ascii_isprint(*value));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(MvmAnswer) answer = {0};
    g_autofree char *header = g_strndup((const char *)data, size);
    uint64_t first = 0, last = 0, total = 0;

    (void)mvm_content_range_parse(header, &first, &last, &total);
    if (!mvm_answer_parse(size > 0 ? (const char *)data : NULL, size, NULL, &answer, NULL))
        return 0;
    check_value(answer.product);
    check_value(answer.image_url);
    check_value(answer.image_token);
    check_value(answer.chunklist_url);
    check_value(answer.chunklist_token);
    g_assert_true(g_str_has_prefix(answer.image_url, "http") ||
                  g_ascii_strncasecmp(answer.image_url, "http", 4) == 0);
    return 0;
}
