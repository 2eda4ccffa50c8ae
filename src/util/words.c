/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/words.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

/* Beyond ASCII nothing is special to a shell. */
static bool
is_plain(const char *text)
{
    const char *p = text;

    for (; *p != '\0'; p++) {
        if (g_ascii_isalnum(*p) || strchr("-_./:@%+=,", *p) != NULL || (unsigned char)*p >= 0x80)
            continue;
        return false;
    }
    return p != text;
}

char *
mvm_word_quote(const char *text)
{
    if (is_plain(text))
        return g_strdup(text);
    /* The hint puts the command itself between single quotes. */
    if (strpbrk(text, "\"\\$`!") == NULL)
        return g_strdup_printf("\"%s\"", text);
    return g_shell_quote(text);
}

char *
mvm_word_printable(const char *text)
{
    GString *out = g_string_new(NULL);

    while (*text != '\0') {
        gunichar c = g_utf8_get_char_validated(text, -1);
        bool valid = c != (gunichar)-1 && c != (gunichar)-2;
        const char *next = valid ? g_utf8_next_char(text) : text + 1;

        if (valid && (c == '\n' || c == '\t' || !g_unichar_iscntrl(c)))
            g_string_append_len(out, text, next - text);
        else
            for (; text < next; text++)
                g_string_append_printf(out, "\\x%02x", (unsigned char)*text);
        text = next;
    }
    return g_string_free(out, FALSE);
}

char *
mvm_word_count(int count, const char *unit)
{
    return g_strdup_printf("%d %s%s", count, unit, count == 1 ? "" : "s");
}

char *
mvm_word_duration(int64_t seconds)
{
    int64_t minutes = seconds / 60;
    int64_t days = minutes / (24 * 60);

    if (minutes == 0)
        return g_strdup_printf("%" G_GINT64_FORMAT " s", seconds);
    if (minutes < 60)
        return g_strdup_printf("%" G_GINT64_FORMAT " min", minutes);
    if (days == 0)
        return g_strdup_printf("%d:%02d h", (int)(minutes / 60), (int)(minutes % 60));
    return mvm_word_count((int)MIN(days, G_MAXINT), "day");
}
