/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ways in which scripts ask where they are themselves, and where a program is. Compared as
 * text: nothing is run. */
#include "import/shell-priv.h"

#include <string.h>

/* What has no bearing on the answer: quotes, options, what goes nowhere. */
static const char *const noise[] = {"\"",          "'",          " ",    "\t", "\n", "&>/dev/null",
                                    "2>/dev/null", ">/dev/null", "2>&1", "--", "-P", "-L"};

/* The script's own name, and what makes a path of it. */
static const char *const names[] = {"${BASH_SOURCE[0]}", "${BASH_SOURCE}", "$BASH_SOURCE", "${0}"};
static const char *const paths[] = {"$(readlink-f$0)", "$(readlink-e$0)", "$(realpath$0)",
                                    "`readlink-f$0`", "`realpath$0`"};

static const char *const answers[] = {"pwd",
                                      "dirname$0",
                                      "cd$(dirname$0)&&pwd",
                                      "cd$(dirname$0);pwd",
                                      "cd`dirname$0`&&pwd",
                                      "readlink-f$(dirname$0)",
                                      "realpath$(dirname$0)",
                                      "0%/*",
                                      "BASH_SOURCE%/*",
                                      "BASH_SOURCE[0]%/*"};

static void
replace_all(GString *text, const char *const *words, size_t count, const char *by)
{
    for (size_t i = 0; i < count; i++)
        g_string_replace(text, words[i], by, 0);
}

bool
mvm_shell_means_dir(const char *text)
{
    g_autoptr(GString) plain = NULL;

    if (strlen(text) > 256)
        return false;
    plain = g_string_new(text);
    replace_all(plain, noise, G_N_ELEMENTS(noise), "");
    replace_all(plain, names, G_N_ELEMENTS(names), "$0");
    replace_all(plain, paths, G_N_ELEMENTS(paths), "$0");
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        if (g_str_equal(plain->str, answers[i]))
            return true;
    }
    return false;
}

static bool
is_plain_name(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./");

    return len > 0 && text[len] == '\0' && *text != '-';
}

char *
mvm_shell_means_program(const char *text)
{
    static const char *const asks[] = {"which ", "command -v ", "type -p ", "type -P "};
    g_autofree char *plain = g_strstrip(g_strdup(text));

    for (size_t i = 0; i < G_N_ELEMENTS(asks); i++) {
        g_auto(GStrv) words = NULL;

        if (!g_str_has_prefix(plain, asks[i]))
            continue;
        /* What follows ("2>/dev/null", "|| ...") is for when there is none. */
        words = g_strsplit(g_strchug(plain + strlen(asks[i])), " ", 2);
        return words[0] != NULL && is_plain_name(words[0]) ? g_strdup(words[0]) : NULL;
    }
    return NULL;
}
