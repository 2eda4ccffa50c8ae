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

bool
mvm_char_is_hidden(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c},  {0x180e, 0x180e},
                  {0x200b, 0x200b}, {0x200e, 0x200f}, {0x2028, 0x202e},  {0x2060, 0x206f},
                  {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};

    for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    }
    return false;
}

/* The end of a line as ssh and terminals write it. */
static bool
is_line_end(const char *text)
{
    return text[0] == '\r' && (text[1] == '\n' || text[1] == '\0');
}

static char *
show(const char *text, bool lines)
{
    GString *out = g_string_new(NULL);

    while (*text != '\0') {
        gunichar c = g_utf8_get_char_validated(text, -1);
        bool valid = c != (gunichar)-1 && c != (gunichar)-2;
        const char *next = valid ? g_utf8_next_char(text) : text + 1;

        if (valid && (!mvm_char_is_hidden(c) || (lines && (c == '\n' || c == '\t'))))
            g_string_append_len(out, text, next - text);
        else if (!lines || !is_line_end(text))
            for (; text < next; text++)
                g_string_append_printf(out, "\\x%02x", (unsigned char)*text);
        text = next;
    }
    return g_string_free(out, FALSE);
}

char *
mvm_word_printable(const char *text)
{
    return show(text, true);
}

char *
mvm_word_printable_line(const char *text)
{
    return show(text, false);
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
