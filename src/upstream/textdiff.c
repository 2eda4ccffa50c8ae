/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/textdiff.h"

#include "upstream/git.h"

#include <string.h>

/* git's own file header tells hashes and modes, which texts do not have; ours replaces it. */
static int
append_line(const git_diff_delta *delta, const git_diff_hunk *hunk, const git_diff_line *line,
            void *opaque)
{
    GString *out = opaque;

    switch (line->origin) {
    case GIT_DIFF_LINE_FILE_HDR:
        return 0;
    case GIT_DIFF_LINE_CONTEXT:
    case GIT_DIFF_LINE_ADDITION:
    case GIT_DIFF_LINE_DELETION:
        g_string_append_c(out, line->origin);
        break;
    default: /* hunk headers and "\ No newline at end of file" carry their whole line */
        break;
    }
    g_string_append_len(out, line->content, (gssize)line->content_len);
    return 0;
}

char *
mvm_text_diff(const char *old_name, const char *old_text, const char *new_name,
              const char *new_text, GError **error)
{
    git_diff_options options;
    g_autoptr(git_patch) patch = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    size_t old_len = old_text != NULL ? strlen(old_text) : 0;
    size_t new_len = new_text != NULL ? strlen(new_text) : 0;

    if (!mvm_git_init(error))
        return NULL;
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_FORCE_TEXT;
    if (git_patch_from_buffers(&patch, old_text, old_len, NULL, new_text, new_len, NULL, &options) <
        0) {
        mvm_git_set_error(error, "compare", new_name);
        return NULL;
    }
    if (git_patch_num_hunks(patch) == 0)
        return g_strdup("");
    g_string_printf(out, "--- %s\n+++ %s\n", old_name, new_name);
    if (git_patch_print(patch, append_line, out) < 0) {
        mvm_git_set_error(error, "compare", new_name);
        return NULL;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}
