/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the hunks of a patch belong in the texts at hand, and the patch written for there. */
#include "upstream/git.h"
#include "upstream/patch-private.h"

#include <string.h>

/* The largest file that a patch may touch, in bytes. */
#define TEXT_MAX (4 * 1024 * 1024)

/* Lines compared in search of all hunks of a patch: several times those of the largest file. With
 * texts of nothing but equal lines the search could go on for hours. */
#define COMPARED_MAX (32 * 1024 * 1024)

/* A line with its newline, borrowed. */
typedef struct {
    const char *text;
    size_t len;
} Line;

/* One file while its hunks are placed. */
typedef struct {
    const MvmPatch *patch;
    MvmPatchFile file;
    MvmPatchDirection direction;
    GArray *image; /* Line: the text at hand */
    size_t next;   /* first line after the last placed hunk */
    long drift;    /* how far off from its named place the last hunk was */
    long growth;   /* lines added less lines taken by the hunks so far */
    size_t *left;  /* how many lines may still be compared */
} Placement;

static GArray *
split_lines(const char *text, size_t len)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(Line));

    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        Line line = {text, end != NULL ? (size_t)(end - text) + 1 : len};

        g_array_append_val(lines, line);
        text += line.len;
        len -= line.len;
    }
    return lines;
}

/* ' ', '+' or '-' as the line counts in the direction wanted; 0 for what is not a line of text. */
static char
origin_of(const git_diff_line *line, MvmPatchDirection direction)
{
    if (line->origin == GIT_DIFF_LINE_CONTEXT)
        return ' ';
    if (line->origin == GIT_DIFF_LINE_ADDITION)
        return direction == MVM_PATCH_FORWARD ? '+' : '-';
    if (line->origin == GIT_DIFF_LINE_DELETION)
        return direction == MVM_PATCH_FORWARD ? '-' : '+';
    return 0;
}

/* Line i of the hunk in the direction wanted. *ret_origin 0: not a line of text. */
static Line
get_line(git_patch *patch, size_t hunk, int i, MvmPatchDirection direction, char *ret_origin)
{
    const git_diff_line *line = NULL;
    const git_diff_line *next = NULL;
    Line text = {0};

    *ret_origin = 0;
    if (git_patch_get_line_in_hunk(&line, patch, hunk, (size_t)i) < 0)
        return text;
    *ret_origin = origin_of(line, direction);
    text = (Line){line->content, line->content_len};
    /* libgit2 leaves the newline on a line that, as the marker after it says, has none. */
    if (git_patch_get_line_in_hunk(&next, patch, hunk, (size_t)i + 1) == 0 &&
        strchr("=<>", next->origin) != NULL && text.len > 0 && text.text[text.len - 1] == '\n')
        text.len--;
    return text;
}

/* What the hunk expects to find (Line) in the direction wanted; *ret_after counts the lines it
 * leaves behind. */
static GArray *
list_preimage(git_patch *patch, size_t hunk, MvmPatchDirection direction, size_t *ret_after)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(Line));
    int count = git_patch_num_lines_in_hunk(patch, hunk);

    *ret_after = 0;
    for (int i = 0; i < count; i++) {
        char origin = 0;
        Line line = get_line(patch, hunk, i, direction, &origin);

        if (origin == ' ' || origin == '-')
            g_array_append_val(lines, line);
        if (origin == ' ' || origin == '+')
            (*ret_after)++;
    }
    return lines;
}

/* *left: how many lines may still be compared. */
static bool
matches_at(const GArray *image, size_t at, const GArray *expected, size_t *left)
{
    for (guint i = 0; i < expected->len; i++) {
        const Line *have = &g_array_index(image, Line, at + i);
        const Line *want = &g_array_index(expected, Line, i);

        if (*left == 0)
            return false;
        (*left)--;
        if (have->len != want->len || memcmp(have->text, want->text, want->len) != 0)
            return false;
    }
    return true;
}

/* The place nearest to wanted where expected stands in the image, not before its line first; -1
 * when there is none. */
static long
find_nearest(const GArray *image, size_t first, long wanted, const GArray *expected, size_t *left)
{
    long low = (long)first;
    long high = (long)image->len - (long)expected->len;
    long start = CLAMP(wanted, low, MAX(low, high));

    for (long step = 0; *left > 0 && (start - step >= low || start + step <= high); step++) {
        if (start - step >= low && start - step <= high &&
            matches_at(image, (size_t)(start - step), expected, left))
            return start - step;
        if (step > 0 && start + step <= high &&
            matches_at(image, (size_t)(start + step), expected, left))
            return start + step;
    }
    return -1;
}

static void
write_line(GString *out, char origin, Line line)
{
    g_string_append_c(out, origin);
    g_string_append_len(out, line.text, (gssize)line.len);
    if (line.len == 0 || line.text[line.len - 1] != '\n')
        g_string_append(out, "\n\\ No newline at end of file\n");
}

/* Writes the lines of that origin from line i on, up to the next one of context. Returns where that
 * is. */
static int
write_run(GString *out, git_patch *patch, size_t hunk, int i, MvmPatchDirection direction,
          char wanted)
{
    int count = git_patch_num_lines_in_hunk(patch, hunk);

    for (; i < count; i++) {
        char origin = 0;
        Line line = get_line(patch, hunk, i, direction, &origin);

        if (origin == ' ')
            break;
        if (origin == wanted)
            write_line(out, origin, line);
    }
    return i;
}

/* What is taken comes before what is added, in reverse too: libgit2 takes the mark of a line
 * without a newline only when nothing is left to be taken. */
static void
write_hunk(GString *out, git_patch *patch, size_t hunk, MvmPatchDirection direction)
{
    int count = git_patch_num_lines_in_hunk(patch, hunk);

    for (int i = 0; i < count; i++) {
        char origin = 0;
        Line line = {0};

        (void)write_run(out, patch, hunk, i, direction, '-');
        i = write_run(out, patch, hunk, i, direction, '+');
        line = get_line(patch, hunk, i, direction, &origin);
        if (origin == ' ')
            write_line(out, origin, line);
    }
}

static bool
misfit(const Placement *self, size_t hunk, long line, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot apply the patch '%s': hunk %zu (line %ld) does not fit '%s'",
                self->patch->name, hunk + 1, line, self->file.path);
    return false;
}

static bool
place_hunk(Placement *self, git_patch *patch, size_t index, GString *out, GError **error)
{
    const git_diff_hunk *hunk = NULL;
    g_autoptr(GArray) expected = NULL;
    size_t after = 0, count = 0;
    long named = 0, at = 0;

    if (git_patch_get_hunk(&hunk, &count, patch, index) < 0)
        return mvm_git_set_error(error, "read the patch", self->patch->name);
    expected = list_preimage(patch, index, self->direction, &after);
    named = self->direction == MVM_PATCH_FORWARD ? hunk->old_start : hunk->new_start;
    /* Without a line to hold on to, a hunk fits only an empty file. */
    if (expected->len == 0 && self->image->len > 0)
        return misfit(self, index, named, error);
    at = find_nearest(self->image, self->next, MAX(named, 1) - 1 + self->drift, expected,
                      self->left);
    if (at < 0)
        return misfit(self, index, named, error);
    self->drift = at - (MAX(named, 1) - 1);
    g_string_append_printf(out, "@@ -%ld,%u +%ld,%zu @@\n", expected->len > 0 ? at + 1 : 0,
                           expected->len, after > 0 ? at + 1 + self->growth : 0, after);
    write_hunk(out, patch, index, self->direction);
    self->next = (size_t)at + expected->len;
    self->growth += (long)after - (long)expected->len;
    return true;
}

static void
write_header(const MvmPatchFile *file, bool has_hunks, GString *out)
{
    /* 1 stands for a file whose mode the patch does not tell. */
    unsigned old_mode = file->old_mode == 1 ? GIT_FILEMODE_BLOB : file->old_mode;
    unsigned new_mode = file->new_mode == 1 ? GIT_FILEMODE_BLOB : file->new_mode;

    g_string_append_printf(out, "diff --git a/%s b/%s\n", file->path, file->path);
    if (old_mode == 0)
        g_string_append_printf(out, "new file mode %o\n", new_mode);
    else if (new_mode == 0)
        g_string_append_printf(out, "deleted file mode %o\n", old_mode);
    else if (file->old_mode != 1 && file->new_mode != 1 && old_mode != new_mode)
        /* libgit2 reads names after a change of mode only with the index line that git writes;
         * the ids in it count for nothing. */
        g_string_append_printf(out, "old mode %o\nnew mode %o\n%s", old_mode, new_mode,
                               has_hunks ? "index 1111111..2222222\n" : "");
}

static void
write_names(const MvmPatchFile *file, GString *out)
{
    g_string_append_printf(out, "--- %s%s\n", file->old_mode == 0 ? "" : "a/",
                           file->old_mode == 0 ? "/dev/null" : file->path);
    g_string_append_printf(out, "+++ %s%s\n", file->new_mode == 0 ? "" : "b/",
                           file->new_mode == 0 ? "/dev/null" : file->path);
}

static bool
check_presence(const Placement *self, const char *text, size_t len, GError **error)
{
    const char *cause = NULL;

    if (text == NULL && self->file.old_mode != 0)
        cause = "is not there";
    else if (text != NULL && self->file.old_mode == 0)
        cause = "exists";
    else if (len > TEXT_MAX)
        cause = "is larger than 4 MiB";
    if (cause == NULL)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot apply the patch '%s': '%s' %s",
                self->patch->name, self->file.path, cause);
    return false;
}

static bool
place_file(Placement *self, size_t index, const char *text, size_t len, GString *out,
           GError **error)
{
    g_autoptr(git_patch) patch = NULL;
    g_autoptr(GArray) image = NULL;
    size_t hunks = 0;

    if (!check_presence(self, text, len, error))
        return false;
    if (git_patch_from_diff(&patch, self->patch->diff, index) < 0)
        return mvm_git_set_error(error, "read the patch", self->patch->name);
    hunks = git_patch_num_hunks(patch);
    image = split_lines(text, len);
    self->image = image;
    write_header(&self->file, hunks > 0, out);
    if (hunks > 0 || self->file.old_mode == 0 || self->file.new_mode == 0)
        write_names(&self->file, out);
    for (size_t i = 0; i < hunks; i++) {
        if (!place_hunk(self, patch, i, out, error))
            return false;
    }
    /* Deleting a file means all of its lines. */
    if (self->file.new_mode == 0 && (long)image->len + self->growth != 0)
        return misfit(self, hunks > 0 ? hunks - 1 : 0, (long)image->len, error);
    return true;
}

char *
mvm_patch_place(const MvmPatch *patch, MvmPatchDirection direction, MvmPatchReader reader,
                void *opaque, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    size_t left = COMPARED_MAX;

    for (size_t i = 0; i < git_diff_num_deltas(patch->diff); i++) {
        Placement placement = {.patch = patch,
                               .left = &left,
                               .file = mvm_patch_get_file(patch, i, direction),
                               .direction = direction};
        g_autofree char *text = NULL;
        size_t len = 0;

        if (!reader(placement.file.path, &text, &len, opaque, error))
            return NULL;
        if (!place_file(&placement, i, text, len, out, error))
            return NULL;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}
