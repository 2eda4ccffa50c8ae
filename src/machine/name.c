/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine/name.h"

#include "util/error.h"

#include <string.h>

#define NAME_MAX_CHARS 64
/* Images are files called after the machine, with up to 18 bytes behind it, of names of 200. */
#define NAME_MAX_BYTES 180

static const char *
why_bad(const char *name)
{
    if (*name == '\0')
        return "it is empty";
    if (!g_utf8_validate(name, -1, NULL))
        return "it is not UTF-8";
    if (g_utf8_strlen(name, -1) > NAME_MAX_CHARS)
        return "it is longer than 64 characters";
    if (strlen(name) > NAME_MAX_BYTES)
        return "it is longer than 180 bytes";
    if (*name == '.' || *name == '-')
        return "it begins with '.' or '-'";
    for (const char *p = name; *p != '\0'; p = g_utf8_next_char(p)) {
        if (g_unichar_iscntrl(g_utf8_get_char(p)))
            return "it has a control character";
        if (strchr("/\"<>&", *p) != NULL)
            return "it has one of / \" < > &";
    }
    if (g_ascii_isspace(name[0]) || g_ascii_isspace(name[strlen(name) - 1]))
        return "it begins or ends with a space";
    return NULL;
}

bool
mvm_name_check(const char *name, GError **error)
{
    const char *reason = why_bad(name);
    g_autofree char *shown = NULL;

    if (reason == NULL)
        return true;
    shown = g_strescape(name, NULL);
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot use '%s' as a name: %s", shown, reason);
    mvm_error_set_hint(error, "use letters, digits, '-', '_' and '.'");
    return false;
}
