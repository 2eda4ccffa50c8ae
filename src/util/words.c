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
mvm_word_count(int count, const char *unit)
{
    return g_strdup_printf("%d %s%s", count, unit, count == 1 ? "" : "s");
}
