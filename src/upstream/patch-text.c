/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/patch-text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NOTHING "/dev/null"

/* Where the scan is. A hunk's lines are counted: a removed line may look like a header. */
typedef struct {
    const char *next;
    const char *end;
    unsigned old_left;
    unsigned new_left;
    bool has_git_header; /* of the file that comes */
    GString *out;
} Scan;

static size_t
line_length(const Scan *scan, const char *line)
{
    const char *newline = memchr(line, '\n', (size_t)(scan->end - line));

    return newline != NULL ? (size_t)(newline - line) + 1 : (size_t)(scan->end - line);
}

static bool
starts_with(const Scan *scan, const char *line, const char *prefix)
{
    size_t len = strlen(prefix);

    return (size_t)(scan->end - line) >= len && memcmp(line, prefix, len) == 0;
}

static void
count_line(Scan *scan, char origin)
{
    if (origin == ' ' || origin == '\n' || origin == '-')
        scan->old_left -= scan->old_left > 0;
    if (origin == ' ' || origin == '\n' || origin == '+')
        scan->new_left -= scan->new_left > 0;
    if (strchr(" \n-+\\", origin) == NULL)
        scan->old_left = scan->new_left = 0; /* not a hunk: libgit2 will say so */
}

/* "-10,3" or "-10" */
static unsigned
count_of_range(const char *range)
{
    const char *comma = range + 1 + strspn(range + 1, "0123456789");

    return *comma == ',' ? (unsigned)g_ascii_strtoull(comma + 1, NULL, 10) : 1;
}

static void
begin_hunk(Scan *scan, const char *line, size_t len)
{
    g_autofree char *text = g_strndup(line, MIN(len, 128));
    const char *plus = strstr(text, " +");

    if (plus == NULL)
        return;
    scan->old_left = count_of_range(text + strlen("@@ "));
    scan->new_left = count_of_range(plus + 1);
}

/* The file's name of a "--- " or "+++ " line, without a time stamp. */
static char *
name_of(const char *line, size_t len)
{
    char *name = g_strndup(line + 4, len - 4);

    name[strcspn(name, "\t\r\n")] = '\0';
    return name;
}

static bool
is_bad(const char *name)
{
    const char *slash = strchr(name, '/');

    if (strcmp(name, NOTHING) == 0)
        return false;
    return slash == NULL || slash == name || slash[1] == '/' || slash[1] == '\0';
}

/* Writes the pair of lines that names a file, with git's header when it has none. False for a bad
 * name. */
static bool
write_names(Scan *scan, const char *line, size_t len, char **ret_bad)
{
    const char *second = line + len;
    size_t second_len = line_length(scan, second);
    g_autofree char *old_name = name_of(line, len);
    g_autofree char *new_name = name_of(second, second_len);
    bool added = strcmp(old_name, NOTHING) == 0;
    bool deleted = strcmp(new_name, NOTHING) == 0;
    const char *path = strchr(deleted ? old_name : new_name, '/');

    scan->next = second + second_len;
    if (scan->has_git_header && !is_bad(old_name) && !is_bad(new_name)) {
        g_string_append_len(scan->out, line, (gssize)(len + second_len));
        scan->has_git_header = false;
        return true;
    }
    if (is_bad(old_name) || is_bad(new_name) || (added && deleted)) {
        *ret_bad = g_strdup(is_bad(old_name) ? old_name : new_name);
        return false;
    }
    g_string_append_printf(scan->out, "diff --git a%s b%s\n", path, path);
    if (added || deleted)
        g_string_append_printf(scan->out, "%s file mode 100644\n", added ? "new" : "deleted");
    g_string_append_printf(scan->out, "--- %s%s\n", added ? "" : "a", added ? NOTHING : path);
    g_string_append_printf(scan->out, "+++ %s%s\n", deleted ? "" : "b", deleted ? NOTHING : path);
    return true;
}

/* git's words for a file that was moved. libgit2 1.5 leaks memory where one of them comes twice. */
static bool
is_rename(const Scan *scan, const char *line)
{
    return scan->has_git_header &&
           (starts_with(scan, line, "rename ") || starts_with(scan, line, "copy "));
}

/* Takes one line, or the two that name a file. */
static bool
scan_line(Scan *scan, char **ret_bad)
{
    const char *line = scan->next;
    size_t len = line_length(scan, line);

    if (scan->old_left > 0 || scan->new_left > 0) {
        count_line(scan, *line);
    } else if (starts_with(scan, line, "diff --git ")) {
        scan->has_git_header = true;
    } else if (starts_with(scan, line, "@@ -")) {
        begin_hunk(scan, line, len);
    } else if (is_rename(scan, line)) {
        *ret_bad = g_strchomp(g_strndup(line, len));
        return false;
    } else if (starts_with(scan, line, "--- ") && starts_with(scan, line + len, "+++ ")) {
        return write_names(scan, line, len, ret_bad);
    }
    g_string_append_len(scan->out, line, (gssize)len);
    scan->next = line + len;
    return true;
}

char *
mvm_patch_text_normalise(const char *data, size_t len, char **ret_bad)
{
    g_autoptr(GString) out = g_string_sized_new(len);
    Scan scan = {.next = data, .end = data + len, .out = out};

    while (scan.next < scan.end) {
        if (!scan_line(&scan, ret_bad))
            return NULL;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}
