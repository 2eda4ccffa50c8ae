/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/osk.h"

#include "upstream/roles.h"
#include "util/error.h"
#include "util/file.h"
#include "util/secret.h"

#include <string.h>

#define SCRIPT_MAX (1024 * 1024) /* the real one is 3 KiB */

static bool
ends_word(char c)
{
    return c == '\0' || strchr(" \t\r\n;&|()", c) != NULL;
}

/* Takes the next word of one line off *text with the shell's quotes removed, or returns NULL at
 * the line's end or at a comment. Quotes that go over several lines end with their line: nobody
 * writes an option so. The caller frees the word. */
static char *
next_word(const char **text)
{
    const char *c = *text;
    GString *word = NULL;
    char quote = '\0';

    while (*c != '\n' && *c != '\0' && ends_word(*c))
        c++;
    if (*c == '\0' || *c == '\n' || *c == '#') {
        *text = c;
        return NULL;
    }
    word = g_string_sized_new(2 * MVM_OSK_LENGTH);
    for (; *c != '\0' && *c != '\n' && (quote != '\0' || !ends_word(*c)); c++) {
        if (quote == '\0' && (*c == '"' || *c == '\''))
            quote = *c;
        else if (*c == quote)
            quote = '\0';
        else if (*c == '\\' && quote != '\'' && c[1] != '\0' && c[1] != '\n')
            g_string_append_c(word, *++c);
        else
            g_string_append_c(word, *c);
    }
    *text = c;
    return g_string_free(word, FALSE);
}

/* The value of osk= in a QEMU device argument ("isa-applesmc,osk=VALUE,..."), or NULL. */
static char *
osk_of_device(const char *argument)
{
    const char *value = NULL;

    if (!g_str_has_prefix(argument, "isa-applesmc,"))
        return NULL;
    value = strstr(argument, ",osk=");
    if (value == NULL)
        return NULL;
    value += strlen(",osk=");
    return g_strndup(value, strcspn(value, ","));
}

/* The first OSK of the script, or NULL. */
static char *
osk_of_script(const char *script)
{
    const char *c = script;

    while (*c != '\0') {
        mvm_autosecret char *word = next_word(&c);
        char *osk = word != NULL ? osk_of_device(word) : NULL;

        if (osk != NULL)
            return osk;
        if (word != NULL)
            continue;
        c += strcspn(c, "\n"); /* a comment's rest */
        if (*c == '\n')
            c++;
    }
    return NULL;
}

static bool
is_valid_osk(const char *osk)
{
    if (strlen(osk) != MVM_OSK_LENGTH)
        return false;
    for (const char *c = osk; *c != '\0'; c++) {
        if (!g_ascii_isprint(*c))
            return false;
    }
    return true;
}

bool
mvm_upstream_read_osk(const char *checkout, char **ret_osk, GError **error)
{
    g_autofree char *path = mvm_upstream_find(checkout, MVM_UPSTREAM_BOOT_SCRIPT, error);
    mvm_autosecret char *script = NULL;
    mvm_autosecret char *osk = NULL;

    if (path == NULL)
        return false;
    script = mvm_file_read(path, SCRIPT_MAX, NULL, error);
    if (script == NULL)
        return false;
    osk = osk_of_script(script);
    if (osk == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                    "cannot find the OSK in '%s': it has no isa-applesmc device with osk=", path);
        mvm_error_set_hint(error, "run 'macvm bootstrap' for upstream's present script");
        return false;
    }
    if (!is_valid_osk(osk)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot use the OSK in '%s': it is not %d printable ASCII characters", path,
                    MVM_OSK_LENGTH);
        mvm_error_set_hint(error, "undo the edit of that line, or run 'macvm bootstrap'");
        return false;
    }
    *ret_osk = g_steal_pointer(&osk);
    return true;
}
