/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/cli.h"
#include "util/interrupt.h"
#include "util/size.h"

#include <string.h>
#include <unistd.h>

/* Short work shows no bar, and a bar is drawn at most this often. In microseconds. */
#define FIRST_AFTER (G_USEC_PER_SEC / 2)
#define REDRAW_EVERY (G_USEC_PER_SEC / 10)
/* The rate is an average over about this many seconds. */
#define RATE_WINDOW 5.0

typedef struct {
    char *what;        /* owned; the work that the numbers below are of */
    gint64 started;    /* monotonic time of its first update */
    gint64 drawn;      /* of the last line on the screen */
    uint64_t drawn_at; /* done at that time */
    uint64_t done;     /* of the last update ... */
    uint64_t total;    /* ... which may not have been drawn */
    double rate;       /* bytes a second */
    int tenth;         /* last tenth told, when there is no terminal */
    bool on_screen;    /* a bar is on the current line */
} Bar;

static void
begin(Bar *bar, const char *what, uint64_t done)
{
    g_free(bar->what);
    *bar = (Bar){.what = g_strdup(what), .started = g_get_monotonic_time(), .drawn_at = done};
    bar->drawn = bar->started;
}

static void
update_rate(Bar *bar, uint64_t done, gint64 now)
{
    double seconds = (double)(now - bar->drawn) / G_USEC_PER_SEC;
    double current = seconds > 0 ? (double)(done - bar->drawn_at) / seconds : 0;
    double weight = MIN(seconds / RATE_WINDOW, 1.0);

    bar->rate = bar->rate <= 0 ? current : bar->rate * (1 - weight) + current * weight;
    bar->drawn = now;
    bar->drawn_at = done;
}

/* An amount of what is done: bytes, or a number where what names a unit ("Checking out (files)").
 * The caller frees. */
static char *
format_amount(const char *what, uint64_t amount)
{
    return g_str_has_suffix(what, ")") ? g_strdup_printf("%" G_GUINT64_FORMAT, amount)
                                       : mvm_size_format(amount);
}

static void
draw(Bar *bar)
{
    g_autofree char *done_text = format_amount(bar->what, bar->done);
    g_autofree char *rate_text = format_amount(bar->what, (uint64_t)MAX(bar->rate, 0));

    bar->on_screen = true;
    if (bar->total == 0) {
        fprintf(stderr, "\r\033[K%s: %s, %s/s", bar->what, done_text, rate_text);
        return;
    }
    fprintf(stderr, "\r\033[K%s: %3d %%  %s  %s/s", bar->what,
            (int)((double)bar->done * 100 / (double)bar->total), done_text, rate_text);
    /* While nothing comes, nobody knows how long it takes. */
    if (bar->rate >= 1 && bar->total > bar->done) {
        uint64_t left = (uint64_t)((double)(bar->total - bar->done) / bar->rate);

        fprintf(stderr, "  %" G_GUINT64_FORMAT ":%02" G_GUINT64_FORMAT " left", left / 60,
                left % 60);
    }
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
        update_rate(bar, done, now);
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
        fprintf(stderr, "%s: %d %%\n", what, tenth * 10);
        bar->tenth = tenth;
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
