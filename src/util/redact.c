/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/redact.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define KEY "osk"
#define BLOT "[...]"
#define VALUE_LEN 64

/* The longest entity of XML, "&#x10ffff;". */
#define ENTITY_MAX 10

/* What ends a value that is longer than an OSK. */
#define ENDS "'\",: &\\\n"

static size_t
count_of(const char *text, const char *set, size_t max)
{
    size_t len = strspn(text, set);

    return MIN(len, max);
}

static size_t
escape_len(const char *p)
{
    static const char hex[] = "0123456789abcdefABCDEF";

    switch (p[1]) {
    case '\0':
        return 1;
    case 'u':
        return 2 + count_of(p + 2, hex, 4);
    case 'x':
        return 2 + count_of(p + 2, hex, 2);
    default:
        return 1 + MAX(count_of(p + 1, "01234567", 3), 1);
    }
}

/* Bytes of one character of a value as somebody wrote it. Where that is ambiguous, the longer
 * reading: too much blotted out does no harm. */
static size_t
written_len(const char *p)
{
    size_t len = 0;

    if (g_str_has_prefix(p, ",,"))
        return 2;
    if (g_str_has_prefix(p, "'\\''"))
        return 4;
    if (*p == '\\')
        return escape_len(p);
    if (*p != '&')
        return 1;
    while (len < ENTITY_MAX && (g_ascii_isalnum(p[len + 1]) || p[len + 1] == '#'))
        len++;
    return p[len + 1] == ';' ? len + 2 : 1;
}

/* The end of what text begins with of the value. */
static const char *
value_end(const char *text, MvmRedaction *value)
{
    while (value->open && *text != '\0') {
        bool comma = value->comma && *text == ',' && text[1] != ',';

        if (comma || (value->left == 0 && strchr(ENDS, *text) != NULL)) {
            *value = (MvmRedaction){0};
            break;
        }
        text += written_len(text);
        value->left -= MIN(value->left, 1);
    }
    return text;
}

/* Past quotes and spaces, as they are or as XML's entities. */
static const char *
skip_quotes(const char *text)
{
    static const char *const marks[] = {"&quot;", "&apos;", "&#34;", "&#39;"};

    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
        if (g_str_has_prefix(text, marks[i]))
            text += strlen(marks[i]);
    }
    return text + strspn(text, "\\\"' ");
}

/* The value of the next "osk=", "osk": or the like, or NULL. In QEMU's own lists, where a comma of
 * the value is doubled, a single one ends it. */
static const char *
find_value(const char *text, MvmRedaction *value)
{
    while ((text = strstr(text, KEY)) != NULL) {
        const char *sign = skip_quotes(text += strlen(KEY));

        if (*sign == '=' || *sign == ':') {
            const char *begin = skip_quotes(sign + 1);
            bool in_list = *text == '=' && begin == text + 1;

            *value = (MvmRedaction){.left = VALUE_LEN, .open = true, .comma = in_list};
            return begin;
        }
    }
    return NULL;
}

static char *
redact(const char *text, MvmRedaction *value)
{
    GString *out = g_string_new(NULL);
    const char *found = NULL;

    if (value->open) {
        text = value_end(text, value);
        g_string_append(out, BLOT);
    }
    while ((found = find_value(text, value)) != NULL) {
        g_string_append_len(out, text, found - text);
        g_string_append(out, BLOT);
        text = value_end(found, value);
    }
    g_string_append(out, text);
    return g_string_free(out, FALSE);
}

char *
mvm_redact(const char *text)
{
    MvmRedaction value = {0};

    return redact(text, &value);
}

char *
mvm_redact_line(const char *line, MvmRedaction *redaction)
{
    char *out = redact(line, redaction);

    /* The newline itself is one of the value's characters. */
    if (redaction->left > 0)
        redaction->left--;
    else
        redaction->open = false;
    return out;
}
