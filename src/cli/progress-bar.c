/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/cli.h"
#include "util/interrupt.h"
#include "util/rate.h"
#include "util/size.h"
#include "util/words.h"

#include <string.h>
#include <unistd.h>

/* Short work shows no bar, and a bar is drawn at most this often. In microseconds. */
#define FIRST_AFTER (G_USEC_PER_SEC / 2)
#define REDRAW_EVERY (G_USEC_PER_SEC / 10)

typedef struct {
    char *what;     /* owned; the work that the numbers below are of */
    char *shown;    /* owned; the same as a terminal may have it */
    gint64 started; /* monotonic time of its first update */
    gint64 drawn;   /* of the last line on the screen */
    uint64_t done;  /* of the last update ... */
    uint64_t total; /* ... which may not have been drawn */
    MvmRate rate;   /* of done */
    int tenth;      /* last tenth printed, without a terminal */
    bool on_screen; /* a bar is on the current line */
} Bar;

static void
begin(Bar *bar, const char *what, uint64_t done)
{
    g_free(bar->what);
    g_free(bar->shown);
    *bar = (Bar){.what = g_strdup(what), .started = g_get_monotonic_time()};
    bar->shown = mvm_word_printable_line(what);
    bar->drawn = bar->started;
    mvm_rate_begin(&bar->rate, done, bar->started);
}

/* An amount of what is done: bytes, or a number where what names a unit ("Checking out (files)").
 * The caller frees. */
static char *
format_amount(const char *what, uint64_t amount)
{
    return g_str_has_suffix(what, ")") ? g_strdup_printf("%" G_GUINT64_FORMAT, amount)
                                       : mvm_size_format(amount);
}

/* "Waiting for ssh: 0:12 of 2:00"; whether what counts seconds, which have no rate. */
static bool
show_seconds(const Bar *bar, const char *before, const char *after)
{
    static const char unit[] = " (seconds)";

    if (!g_str_has_suffix(bar->what, unit))
        return false;
    fprintf(stderr, "%s%.*s: %d:%02d of %d:%02d%s", before, (int)(strlen(bar->what) - strlen(unit)),
            bar->what, (int)(bar->done / 60), (int)(bar->done % 60), (int)(bar->total / 60),
            (int)(bar->total % 60), after);
    return true;
}

static void
draw(Bar *bar)
{
    g_autofree char *done_text = format_amount(bar->what, bar->done);
    uint64_t left = 0;
    g_autofree char *rate_text = format_amount(bar->what, (uint64_t)MAX(bar->rate.value, 0));

    bar->on_screen = true;
    if (show_seconds(bar, "\r\033[K", ""))
        return;
    if (bar->total == 0) {
        fprintf(stderr, "\r\033[K%s: %s, %s/s", bar->shown, done_text, rate_text);
        return;
    }
    fprintf(stderr, "\r\033[K%s: %3d %%  %s  %s/s", bar->shown,
            (int)((double)bar->done * 100 / (double)bar->total), done_text, rate_text);
    if (mvm_rate_left(&bar->rate, bar->done, bar->total, &left))
        fprintf(stderr, "  %" G_GUINT64_FORMAT ":%02" G_GUINT64_FORMAT " left", left / 60,
                left % 60);
}

static bool
on_terminal(MvmProgress *self, const char *what, uint64_t done, uint64_t total)
{
    MvmCli *cli = G_STRUCT_MEMBER_P(self, -(glong)G_STRUCT_OFFSET(MvmCli, progress));
    Bar *bar = self->opaque;
    gint64 now = g_get_monotonic_time();

    if (bar->what == NULL || strcmp(bar->what, what) != 0) {
        mvm_cli_progress_end(cli);
        begin(bar, what, done);
    }
    bar->done = done;
    bar->total = total;
    if (now - bar->started >= FIRST_AFTER && now - bar->drawn >= REDRAW_EVERY) {
        mvm_rate_update(&bar->rate, done, now);
        bar->drawn = now;
        draw(bar);
    }
    return !mvm_interrupted();
}

static bool
on_pipe(MvmProgress *self, const char *what, uint64_t done, uint64_t total)
{
    Bar *bar = self->opaque;
    int tenth = total > 0 ? (int)((double)done * 10 / (double)total) : 0;

    if (bar->what == NULL || strcmp(bar->what, what) != 0)
        begin(bar, what, done);
    if (tenth > bar->tenth && g_get_monotonic_time() - bar->started >= FIRST_AFTER) {
        bar->done = done;
        bar->total = total;
        bar->tenth = tenth;
        if (!show_seconds(bar, "", "\n"))
            mvm_cli_print(stderr, "%s: %d %%\n", what, tenth * 10);
    }
    return !mvm_interrupted();
}

static bool
on_nothing(MvmProgress *self, const char *what, uint64_t done, uint64_t total)
{
    return !mvm_interrupted();
}

static void
note(MvmProgress *self, const char *text)
{
    MvmCli *cli = G_STRUCT_MEMBER_P(self, -(glong)G_STRUCT_OFFSET(MvmCli, progress));

    mvm_cli_say(cli, "%s", text);
}

void
mvm_cli_progress_init(MvmCli *cli)
{
    static Bar bar;

    cli->progress = (MvmProgress){.update = on_pipe, .note = note, .opaque = &bar};
    if (cli->quiet || cli->json)
        cli->progress.update = on_nothing;
    else if (isatty(STDERR_FILENO))
        cli->progress.update = on_terminal;
}

void
mvm_cli_progress_end(MvmCli *cli)
{
    Bar *bar = cli->progress.opaque;

    if (bar == NULL || !bar->on_screen)
        return;
    draw(bar);
    fputc('\n', stderr);
    bar->on_screen = false;
}
