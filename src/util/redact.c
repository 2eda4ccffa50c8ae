/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/redact.h"

#include <glib.h>
#include <string.h>

#define KEY "osk="
#define BLOT "[...]"

/* An OSK has this many characters. A message of QEMU goes on right behind it. */
#define VALUE_LEN 64

/* The end of the value: of its length, or where a quote, a line or an option ends before that. A
 * doubled comma is one of the value's. */
static const char *
value_end(const char *value)
{
    const char *p = value;

    while (p - value < VALUE_LEN && *p != '\0' && strchr("\n'\"", *p) == NULL) {
        if (*p == ',' && p[1] != ',')
            break;
        p += *p == ',' ? 2 : 1;
    }
    return p;
}

char *
mvm_redact(const char *text)
{
    GString *out = g_string_new(NULL);
    const char *found = NULL;

    while ((found = strstr(text, KEY)) != NULL) {
        g_string_append_len(out, text, found - text);
        g_string_append(out, KEY BLOT);
        text = value_end(found + strlen(KEY));
    }
    g_string_append(out, text);
    return g_string_free(out, FALSE);
}
