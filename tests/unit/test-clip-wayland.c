/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Wayland backend: under a headless sway with wl-copy and wl-paste (wlr-data-control), and
 * under a compositor of the test's own (ext-data-control, and misbehaviour). */
#include "clip/compositor.h"
#include "clip/watcher.h"
#include "util/error.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define KIB ((size_t)1024)
#define MIB (KIB * 1024)

/* The protocols under which a case is run. */
static const ClipCompositorFlags ext = CLIP_COMPOSITOR_EXT;
static const ClipCompositorFlags wlr = CLIP_COMPOSITOR_WLR;
static const ClipCompositorFlags wlr_1 = CLIP_COMPOSITOR_WLR | CLIP_COMPOSITOR_WLR_1;
static const ClipCompositorFlags late = CLIP_COMPOSITOR_EXT | CLIP_COMPOSITOR_LATE_CANCEL;

typedef struct {
    ClipCompositor *compositor;
    ClipWatcher *watcher;
} Fixture;

static ClipWatcher *
watch(ClipCompositor *compositor)
{
    ClipWatcher *watcher = NULL;

    clip_compositor_begin_thread(compositor);
    watcher = clip_watcher_new(
        &(MvmClipDisplay){.wayland = clip_compositor_get_name(compositor), .x11 = ""});
    clip_compositor_end_thread(compositor);
    CLIP_WAIT(watcher, clip_compositor_is_bound(compositor));
    clip_watcher_idle(watcher, 10);
    return watcher;
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->compositor = clip_compositor_new(*(const ClipCompositorFlags *)data);
    fixture->watcher = watch(fixture->compositor);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    clip_watcher_free(fixture->watcher);
    clip_compositor_free(fixture->compositor);
}

/* The other client owns the selection with that one name; waits until it was reported. */
static void
other_owns(Fixture *f, const char *name, GBytes *bytes)
{
    unsigned before = f->watcher->changed;

    clip_compositor_own(f->compositor, (const char *[]){name, NULL}, bytes);
    CLIP_WAIT(f->watcher, f->watcher->changed > before);
}

static void
assert_text(GBytes *bytes, const char *text)
{
    g_assert_nonnull(bytes);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), text, strlen(text));
}

/* Reads until the writer closes; fewer than limit bytes. */
static GBytes *
paste(Fixture *f, const char *name)
{
    int fd = clip_compositor_paste(f->compositor, name);
    g_autoptr(GByteArray) all = g_byte_array_new();
    uint8_t piece[65536];
    ssize_t got = -1;

    while (got != 0) {
        clip_step(f->watcher);
        while ((got = read(fd, piece, sizeof(piece))) > 0)
            g_byte_array_append(all, piece, (unsigned)got);
    }
    close(fd);
    return g_byte_array_free_to_bytes(g_steal_pointer(&all));
}

static void
test_choice(void)
{
    const struct {
        ClipCompositorFlags flags;
        const char *forced, *name;
    } cases[] = {
        {CLIP_COMPOSITOR_EXT, NULL, "wayland-ext"},
        {CLIP_COMPOSITOR_WLR, NULL, "wayland-wlr"},
        {CLIP_COMPOSITOR_EXT | CLIP_COMPOSITOR_WLR, NULL, "wayland-ext"},
        {CLIP_COMPOSITOR_EXT | CLIP_COMPOSITOR_WLR, "wayland-wlr", "wayland-wlr"},
        {CLIP_COMPOSITOR_EXT, "wayland-wlr", NULL},
        {CLIP_COMPOSITOR_WLR, "wayland-ext", NULL},
        {CLIP_COMPOSITOR_EXT | CLIP_COMPOSITOR_NO_SEAT, NULL, NULL},
        {0, NULL, NULL},
    };
    static const MvmClipCallbacks none = {.changed = NULL};
    g_autoptr(GMainContext) context = g_main_context_new();

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(ClipCompositor) compositor = clip_compositor_new(cases[i].flags);
        const MvmClipDisplay display = {
            .backend = cases[i].forced, .wayland = clip_compositor_get_name(compositor), .x11 = ""};
        g_autoptr(MvmClipBackend) backend = NULL;
        g_autoptr(GError) error = NULL;

        clip_compositor_begin_thread(compositor);
        backend = mvm_clip_backend_new(&display, context, &none, NULL, &error);
        clip_compositor_end_thread(compositor);
        if (cases[i].name == NULL) {
            g_assert_null(backend);
            g_assert_error(error, MVM_ERROR, MVM_ERROR_HOST);
        } else {
            g_assert_no_error(error);
            g_assert_cmpstr(mvm_clip_backend_get_name(backend), ==, cases[i].name);
            g_assert_nonnull(mvm_clip_backend_get_reason(backend));
        }
    }
}

/* A compositor without data control, as GNOME's: then it is X11, through XWayland. */
static void
test_gnome(void)
{
    g_autoptr(ClipServer) server = clip_xvfb_new();
    g_autoptr(ClipCompositor) compositor = NULL;
    g_autoptr(ClipWatcher) watcher = NULL;

    if (server == NULL)
        return;
    compositor = clip_compositor_new(0);
    clip_compositor_begin_thread(compositor);
    watcher = clip_watcher_new(
        &(MvmClipDisplay){.wayland = clip_compositor_get_name(compositor), .x11 = server->name});
    clip_compositor_end_thread(compositor);
    g_assert_cmpstr(mvm_clip_backend_get_name(watcher->backend), ==, "x11");
    g_assert_nonnull(
        strstr(mvm_clip_backend_get_reason(watcher->backend), "it offers no data control"));
}

static void
test_frozen_at_start(void)
{
    g_autoptr(ClipCompositor) compositor = clip_compositor_new(CLIP_COMPOSITOR_EXT);
    g_autoptr(GMainContext) context = g_main_context_new();
    const MvmClipDisplay display = {.wayland = clip_compositor_get_name(compositor), .x11 = ""};
    static const MvmClipCallbacks none = {.changed = NULL};
    g_autoptr(GError) error = NULL;

    g_assert_null(mvm_clip_backend_new(&display, context, &none, NULL, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_HOST);
}

static void
test_receive(Fixture *f, gconstpointer data)
{
    const struct {
        const char *name;
        MvmClipType type;
    } cases[] = {
        {"text/plain;charset=utf-8", MVM_CLIP_TEXT},
        {"text/plain;charset=UTF-8", MVM_CLIP_TEXT},
        {"Text/Plain", MVM_CLIP_TEXT},
        {"UTF8_STRING", MVM_CLIP_TEXT},
        {"STRING", MVM_CLIP_TEXT},
        {"text/html", MVM_CLIP_HTML},
        {"application/rtf", MVM_CLIP_RTF},
        {"image/png", MVM_CLIP_PNG},
        {"image/tiff", MVM_CLIP_TIFF},
    };
    const size_t sizes[] = {0, 1, 65535, 65536, 65537, 3 * MIB};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (size_t k = 0; k < G_N_ELEMENTS(sizes); k++) {
            g_autoptr(GBytes) bytes = clip_ascii_bytes(sizes[k]);

            other_owns(f, cases[i].name, bytes);
            g_assert_cmpuint(f->watcher->offer.types, ==, MVM_CLIP_BIT(cases[i].type));
            g_assert_false(f->watcher->offer.empty || f->watcher->offer.initial);
            g_assert_true(g_bytes_equal(clip_watcher_read(f->watcher, cases[i].type), bytes));
        }
    }
    g_assert_null(clip_watcher_read(f->watcher, MVM_CLIP_TEXT));
    g_assert_error(f->watcher->error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
}

static void
test_receive_marks(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("another-machine", 15);

    clip_compositor_own(f->compositor,
                        (const char *[]){"UTF8_STRING", "x-kde-passwordManagerHint", NULL}, bytes);
    CLIP_WAIT(f->watcher, f->watcher->changed == 1);
    g_assert_true(f->watcher->offer.secret);
    clip_compositor_own(f->compositor,
                        (const char *[]){"UTF8_STRING", "application/x-macvm-origin", NULL}, bytes);
    CLIP_WAIT(f->watcher, f->watcher->changed == 2);
    g_assert_false(f->watcher->offer.secret);
    g_assert_cmpstr(f->watcher->origin, ==, "another-machine");
    assert_text(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), "another-machine");
    clip_compositor_own(f->compositor,
                        (const char *[]){"text/plain", "application/x-kde-cutselection", NULL},
                        bytes);
    CLIP_WAIT(f->watcher, f->watcher->changed == 3);
    g_assert_cmpuint(f->watcher->offer.types, ==, 0);
    clip_compositor_own(f->compositor, (const char *[]){NULL}, NULL);
    CLIP_WAIT(f->watcher, f->watcher->changed == 4);
    g_assert_true(f->watcher->offer.empty);
}

/* A marked selection that somebody takes over before it was reported. */
static void
test_secret_taken_over(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("hunter2", 7);
    unsigned before = 0;

    other_owns(f, "UTF8_STRING", bytes); /* what follows is coalesced */
    before = f->watcher->changed;
    clip_compositor_own(f->compositor,
                        (const char *[]){"UTF8_STRING", "x-kde-passwordManagerHint", NULL}, bytes);
    clip_compositor_own(f->compositor, (const char *[]){"UTF8_STRING", NULL}, bytes);
    CLIP_WAIT(f->watcher, f->watcher->changed > before && f->watcher->offer.generation == 4);
    g_assert_true(f->watcher->offer.secret);
    other_owns(f, "UTF8_STRING", bytes);
    g_assert_false(f->watcher->offer.secret);
}

static void
test_cap(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) most = clip_ascii_bytes(MVM_CLIP_TEXT_MAX);
    g_autoptr(GBytes) more = clip_ascii_bytes(MVM_CLIP_TEXT_MAX + 1);
    g_autoptr(GBytes) broken = g_bytes_new_static("\xff", 1);

    other_owns(f, "UTF8_STRING", most);
    g_assert_true(g_bytes_equal(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), most));
    other_owns(f, "UTF8_STRING", more);
    g_assert_null(clip_watcher_read(f->watcher, MVM_CLIP_TEXT));
    g_assert_error(f->watcher->error, MVM_ERROR, MVM_ERROR_FAILED);
    other_owns(f, "UTF8_STRING", broken);
    g_assert_null(clip_watcher_read(f->watcher, MVM_CLIP_TEXT));
    g_assert_error(f->watcher->error, MVM_ERROR, MVM_ERROR_FAILED);
}

static void
test_owner_stalls(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = clip_ascii_bytes(1 * MIB);

    clip_compositor_stall(f->compositor, 1000);
    other_owns(f, "UTF8_STRING", bytes);
    clip_watcher_start_read(f->watcher, MVM_CLIP_TEXT, 200);
    CLIP_WAIT(f->watcher, f->watcher->reads == 1);
    g_assert_error(f->watcher->error, MVM_ERROR, MVM_ERROR_FAILED);
    /* A newer selection ends the wait for an older one. */
    clip_watcher_start_read(f->watcher, MVM_CLIP_TEXT, 60000);
    clip_watcher_idle(f->watcher, 30);
    clip_compositor_stall(f->compositor, SIZE_MAX);
    clip_compositor_own(f->compositor, (const char *[]){"text/plain", NULL}, bytes);
    CLIP_WAIT(f->watcher, f->watcher->reads == 2 && f->watcher->changed == 2);
    g_assert_error(f->watcher->error, MVM_ERROR, MVM_ERROR_CANCELLED);
    g_assert_true(g_bytes_equal(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), bytes));
}

static void
test_burst(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("last", 4);
    const MvmClipStats *stats = mvm_clip_backend_get_stats(f->watcher->backend);
    gint64 begin = g_get_monotonic_time(), took_ms = 0;

    for (int i = 0; i < 100; i++) {
        clip_compositor_own(f->compositor, (const char *[]){"UTF8_STRING", NULL}, bytes);
        clip_step(f->watcher);
    }
    CLIP_WAIT(f->watcher, stats->changes == 100);
    took_ms = (g_get_monotonic_time() - begin) / 1000;
    CLIP_WAIT(f->watcher, f->watcher->offer.generation == 101);
    g_assert_cmpuint(stats->reports, <=, (uint64_t)took_ms / MVM_CLIP_COALESCE_MS + 2);
    assert_text(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), "last");
}

static void
test_initial(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("before", 6);
    g_autoptr(ClipWatcher) other = NULL;

    clip_watcher_idle(f->watcher, 30);
    g_assert_cmpuint(f->watcher->changed, ==, 0);
    other_owns(f, "UTF8_STRING", bytes);
    g_assert_false(f->watcher->offer.initial);
    other = watch(f->compositor);
    CLIP_WAIT(other, other->changed == 1);
    g_assert_true(other->offer.initial);
    assert_text(clip_watcher_read(other, MVM_CLIP_TEXT), "before");
}

static void
test_own(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) text = g_bytes_new_static("caf\xc3\xa9\n\n", 7);
    g_autoptr(GBytes) png = clip_random_bytes(5 * MIB, 1);
    const char *names[] = {"UTF8_STRING", "text/plain;charset=utf-8", "text/plain", "TEXT"};

    clip_watcher_own(f->watcher, MVM_CLIP_TEXT, text);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GBytes) pasted = NULL;

        g_assert_true(clip_compositor_offers(f->compositor, names[i]));
        pasted = paste(f, names[i]);
        g_assert_true(g_bytes_equal(pasted, text));
    }
    g_bytes_unref(paste(f, "no/such-type"));
    clip_watcher_own(f->watcher, MVM_CLIP_PNG, png);
    g_assert_false(clip_compositor_offers(f->compositor, "UTF8_STRING"));
    for (int i = 0; i < 2; i++) {
        g_autoptr(GBytes) pasted = paste(f, "image/png");

        g_assert_true(g_bytes_equal(pasted, png));
    }
    /* What is our own is no change, though the compositor tells of it. */
    clip_watcher_idle(f->watcher, 50);
    g_assert_cmpuint(f->watcher->changed, ==, 0);
}

static void
test_disowned(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("theirs", 6);
    uint64_t own_id = 0;

    clip_watcher_own(f->watcher, MVM_CLIP_TEXT, bytes);
    own_id = clip_watcher_own(f->watcher, MVM_CLIP_TEXT, bytes);
    g_assert_cmpuint(f->watcher->disowned, ==, 0);
    /* Even when it carries our own mark, as a copy that a clipboard manager made. */
    clip_compositor_own(f->compositor,
                        (const char *[]){"UTF8_STRING", "application/x-macvm-origin", NULL}, bytes);
    CLIP_WAIT(f->watcher, f->watcher->disowned == 1 && f->watcher->changed == 1);
    g_assert_cmpuint(f->watcher->own_id, ==, own_id);
    g_assert_no_error(f->watcher->error);
    g_assert_cmpstr(f->watcher->origin, ==, "theirs");
    assert_text(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), "theirs");
    clip_watcher_own(f->watcher, MVM_CLIP_TEXT, bytes);
    mvm_clip_backend_release(f->watcher->backend);
    CLIP_WAIT(f->watcher, !clip_compositor_offers(f->compositor, "UTF8_STRING"));
    clip_watcher_idle(f->watcher, 50);
    g_assert_cmpuint(f->watcher->changed, ==, 1);
    g_assert_cmpuint(f->watcher->disowned, ==, 1);
    /* A release does not silence what follows it. */
    other_owns(f, "UTF8_STRING", bytes);
    clip_compositor_own(f->compositor, (const char *[]){NULL}, NULL);
    CLIP_WAIT(f->watcher, f->watcher->offer.empty);
}

static void
provide_png(MvmClipBackend *backend, uint64_t own_id, MvmClipType type)
{
    g_autoptr(GBytes) bytes = clip_random_bytes(1 * MIB, 7);

    mvm_clip_backend_provide(backend, own_id, type, bytes);
}

static void
test_promise(Fixture *f, gconstpointer data)
{
    g_autoptr(MvmClipContent) content = mvm_clip_content_new("here", true);
    g_autoptr(GBytes) png = clip_random_bytes(1 * MIB, 7);
    uint64_t own_id =
        mvm_clip_backend_own(f->watcher->backend, content, MVM_CLIP_BIT(MVM_CLIP_PNG));
    int fds[2];
    char byte = 0;

    CLIP_WAIT(f->watcher, f->watcher->owned == 1);
    g_assert_true(clip_compositor_offers(f->compositor, "x-kde-passwordManagerHint"));
    fds[0] = clip_compositor_paste(f->compositor, "image/png");
    fds[1] = clip_compositor_paste(f->compositor, "image/png");
    CLIP_WAIT(f->watcher, f->watcher->requested == 1);
    g_assert_cmpuint(f->watcher->requested_id, ==, own_id);
    clip_watcher_idle(f->watcher, 30);
    g_assert_cmpuint(f->watcher->requested, ==, 1);
    mvm_clip_backend_provide(f->watcher->backend, own_id, MVM_CLIP_PNG, NULL);
    for (int i = 0; i < 2; i++) {
        CLIP_WAIT(f->watcher, read(fds[i], &byte, 1) == 0);
        close(fds[i]);
    }
    f->watcher->on_requested = provide_png;
    for (int i = 0; i < 2; i++) {
        g_autoptr(GBytes) pasted = paste(f, "image/png");

        g_assert_true(g_bytes_equal(pasted, png));
    }
    g_assert_cmpuint(f->watcher->requested, ==, 2);
}

/* One reader does not read, another goes away: a third is served, and the first is given up. */
static void
test_reader_stalls(Fixture *f, gconstpointer data)
{
    const MvmClipStats *stats = mvm_clip_backend_get_stats(f->watcher->backend);
    g_autoptr(GBytes) png = clip_random_bytes(1 * MIB, 7);
    g_autoptr(GBytes) pasted = NULL;
    int stalled = -1;

    clip_watcher_own(f->watcher, MVM_CLIP_PNG, png);
    stalled = clip_compositor_paste(f->compositor, "image/png");
    close(clip_compositor_paste(f->compositor, "image/png"));
    CLIP_WAIT(f->watcher, stats->refused == 1);
    pasted = paste(f, "image/png");
    g_assert_true(g_bytes_equal(pasted, png));
    g_assert_cmpuint(stats->transfers, ==, 1);
    CLIP_WAIT(f->watcher, stats->transfers == 0);
    g_assert_cmpuint(stats->refused, ==, 2);
    close(stalled);
}

/* A backend that ends while somebody reads from it. */
static void
test_free_while_busy(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) png = clip_random_bytes(1 * MIB, 7);
    g_autoptr(MvmClipContent) content = mvm_clip_content_new("here", false);
    int fds[2];

    g_assert_true(mvm_clip_content_set(content, MVM_CLIP_PNG, png, NULL));
    mvm_clip_backend_own(f->watcher->backend, content, MVM_CLIP_BIT(MVM_CLIP_TEXT));
    CLIP_WAIT(f->watcher, f->watcher->owned == 1);
    fds[0] = clip_compositor_paste(f->compositor, "image/png");
    fds[1] = clip_compositor_paste(f->compositor, "UTF8_STRING");
    CLIP_WAIT(f->watcher, f->watcher->requested == 1);
    g_clear_pointer(&f->watcher->backend, mvm_clip_backend_free);
    close(fds[0]);
    close(fds[1]);
}

static void
on_saved(MvmClipBackend *backend, bool saved, void *data)
{
    ((ClipWatcher *)data)->saves++;
    g_assert_false(saved);
}

static void
test_save(Fixture *f, gconstpointer data)
{
    mvm_clip_backend_save(f->watcher->backend, 60000, on_saved, f->watcher);
    g_assert_cmpuint(f->watcher->saves, ==, 0);
    CLIP_WAIT(f->watcher, f->watcher->saves == 1);
    mvm_clip_backend_save(f->watcher->backend, 60000, on_saved, f->watcher);
    g_clear_pointer(&f->watcher->backend, mvm_clip_backend_free);
    g_assert_cmpuint(f->watcher->saves, ==, 2);
}

static void
test_lost(Fixture *f, gconstpointer data)
{
    void (*const ends[])(ClipCompositor * compositor) = {
        clip_compositor_hang_up, clip_compositor_remove_seat, clip_compositor_finish};
    g_autoptr(GBytes) bytes = clip_ascii_bytes(1 * MIB);

    clip_compositor_stall(f->compositor, 1000);
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autoptr(ClipCompositor) compositor = clip_compositor_new(CLIP_COMPOSITOR_EXT);
        g_autoptr(ClipWatcher) watcher = watch(compositor);

        clip_compositor_stall(compositor, 1000);
        clip_compositor_own(compositor, (const char *[]){"UTF8_STRING", NULL}, bytes);
        CLIP_WAIT(watcher, watcher->changed == 1);
        clip_watcher_start_read(watcher, MVM_CLIP_TEXT, 60000);
        clip_watcher_idle(watcher, 20);
        ends[i](compositor);
        CLIP_WAIT(watcher, watcher->lost == 1 && watcher->reads == 1);
        g_assert_error(watcher->error, MVM_ERROR, MVM_ERROR_HOST);
        g_assert_null(clip_watcher_read(watcher, MVM_CLIP_TEXT));
        g_assert_cmpuint(watcher->lost, ==, 1);
    }
}

static void
test_no_leak(Fixture *f, gconstpointer data)
{
    const char *wanted = g_getenv("MVM_TEST_COPIES");
    unsigned copies = wanted != NULL ? (unsigned)g_ascii_strtoull(wanted, NULL, 10) : 300;
    unsigned fds = 0;

    for (unsigned i = 0; i < copies; i++) {
        g_autoptr(GBytes) bytes = clip_ascii_bytes(i % 50 == 0 ? 300 * KIB : 64);
        g_autoptr(GBytes) pasted = NULL;

        if (i == 10)
            fds = clip_count_fds();
        other_owns(f, "UTF8_STRING", bytes);
        g_assert_true(g_bytes_equal(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), bytes));
        clip_watcher_own(f->watcher, MVM_CLIP_TEXT, bytes);
        pasted = paste(f, "UTF8_STRING");
        g_assert_true(g_bytes_equal(pasted, bytes));
    }
    g_assert_cmpuint(clip_count_fds(), ==, fds);
    g_assert_cmpuint(f->watcher->changed, ==, copies);
}

/* The rest is under sway. */
typedef struct {
    ClipServer *server;
    ClipWatcher *watcher;
} Sway;

static void
sway_set_up(Sway *sway, gconstpointer data)
{
    if (!clip_need("wl-copy"))
        return;
    sway->server = clip_sway_new();
    if (sway->server != NULL)
        sway->watcher =
            clip_watcher_new(&(MvmClipDisplay){.wayland = sway->server->name, .x11 = ""});
}

static void
sway_tear_down(Sway *sway, gconstpointer data)
{
    g_clear_pointer(&sway->watcher, clip_watcher_free);
    g_clear_pointer(&sway->server, clip_server_free);
}

static GBytes *
run(Sway *sway, const char *const *argv, GBytes *input)
{
    return clip_run(sway->watcher, argv, (const char *[]){sway->server->variable, NULL}, input);
}

static void
test_sway_bytes(Sway *sway, gconstpointer data)
{
    const struct {
        const char *bytes;
        size_t size;
    } table[] = {
        {"a\nb\n\n", 5},         {"a\r\nb\r\n", 6}, {"a\rb", 3},         {"a\0b\0", 4},
        {"\xf0\x9f\x8d\x8e", 4}, {"e\xcc\x81", 3},  {"{\\rtf1 no}", 10}, {"%!PS-Adobe", 10},
    };

    if (sway->server == NULL)
        return;
    /* Which of the two protocols depends on sway's version. */
    g_assert_true(g_str_has_prefix(mvm_clip_backend_get_name(sway->watcher->backend), "wayland-"));
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(GBytes) bytes = g_bytes_new(table[i].bytes, table[i].size);
        g_autoptr(GBytes) pasted = NULL;
        unsigned before = sway->watcher->changed;

        g_bytes_unref(
            run(sway, (const char *[]){"wl-copy", "-t", "text/plain;charset=utf-8", NULL}, bytes));
        CLIP_WAIT(sway->watcher, sway->watcher->changed > before && !sway->watcher->offer.empty);
        g_assert_true(g_bytes_equal(clip_watcher_read(sway->watcher, MVM_CLIP_TEXT), bytes));
        clip_watcher_own(sway->watcher, MVM_CLIP_TEXT, bytes);
        pasted = run(
            sway, (const char *[]){"wl-paste", "-n", "-t", "text/plain;charset=utf-8", NULL}, NULL);
        g_assert_true(g_bytes_equal(pasted, bytes));
    }
}

static void
test_sway_image(Sway *sway, gconstpointer data)
{
    g_autoptr(GBytes) png = clip_random_bytes(5 * MIB, 1);
    g_autoptr(GBytes) pasted = NULL;

    if (sway->server == NULL)
        return;
    g_bytes_unref(run(sway, (const char *[]){"wl-copy", "-t", "image/png", NULL}, png));
    CLIP_WAIT(sway->watcher, sway->watcher->changed == 1);
    g_assert_cmpuint(sway->watcher->offer.types, ==, MVM_CLIP_BIT(MVM_CLIP_PNG));
    g_assert_true(g_bytes_equal(clip_watcher_read(sway->watcher, MVM_CLIP_PNG), png));
    g_assert_false(sway->watcher->offer.initial);
    clip_watcher_own(sway->watcher, MVM_CLIP_PNG, png);
    pasted = run(sway, (const char *[]){"wl-paste", "-t", "image/png", NULL}, NULL);
    g_assert_true(g_bytes_equal(pasted, png));
    g_assert_cmpuint(sway->watcher->changed, ==, 1);
}

/* wl-copy is stopped while we read, then killed. */
static void
test_sway_owner_dies(Sway *sway, gconstpointer data)
{
    const char *argv[] = {"wl-copy", "-f", "-t", "text/plain", NULL};
    GPid pid = 0;
    int in = -1;

    if (sway->server == NULL)
        return;
    pid = clip_spawn(argv, (const char *[]){sway->server->variable, NULL}, &in);
    g_assert_cmpint(write(in, "text", 4), ==, 4);
    close(in);
    CLIP_WAIT(sway->watcher, sway->watcher->changed == 1);
    assert_text(clip_watcher_read(sway->watcher, MVM_CLIP_TEXT), "text");
    kill(pid, SIGSTOP);
    clip_watcher_start_read(sway->watcher, MVM_CLIP_TEXT, 300);
    CLIP_WAIT(sway->watcher, sway->watcher->reads == 2);
    g_assert_error(sway->watcher->error, MVM_ERROR, MVM_ERROR_FAILED);
    clip_watcher_start_read(sway->watcher, MVM_CLIP_TEXT, 60000);
    clip_watcher_idle(sway->watcher, 50);
    clip_kill(pid, SIGKILL);
    CLIP_WAIT(sway->watcher, sway->watcher->reads == 3 && sway->watcher->changed == 2);
    g_assert_error(sway->watcher->error, MVM_ERROR, MVM_ERROR_CANCELLED);
    g_assert_true(sway->watcher->offer.empty);
}

static void
test_sway_dies(Sway *sway, gconstpointer data)
{
    g_autoptr(GBytes) text = g_bytes_new_static("x", 1);
    g_autoptr(ClipServer) again = NULL;
    g_autoptr(ClipWatcher) watcher = NULL;

    if (sway->server == NULL)
        return;
    clip_watcher_own(sway->watcher, MVM_CLIP_TEXT, text);
    clip_kill(sway->server->pid, SIGKILL);
    sway->server->pid = 0;
    CLIP_WAIT(sway->watcher, sway->watcher->lost == 1);
    g_assert_error(sway->watcher->error, MVM_ERROR, MVM_ERROR_HOST);
    /* The next one is as good. */
    again = clip_sway_new();
    watcher = clip_watcher_new(&(MvmClipDisplay){.wayland = again->name, .x11 = ""});
    clip_watcher_own(watcher, MVM_CLIP_TEXT, text);
}

#define ADD(path, flags, func) g_test_add(path, Fixture, &flags, set_up, func, tear_down)
#define ADD_SWAY(path, func) g_test_add(path, Sway, NULL, sway_set_up, func, sway_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/choice", test_choice);
    g_test_add_func("/choice/gnome", test_gnome);
    g_test_add_func("/choice/frozen", test_frozen_at_start);
    ADD("/ext/receive", ext, test_receive);
    ADD("/ext/marks", ext, test_receive_marks);
    ADD("/ext/secret-taken-over", ext, test_secret_taken_over);
    ADD("/ext/cap", ext, test_cap);
    ADD("/ext/owner-stalls", ext, test_owner_stalls);
    ADD("/ext/burst", ext, test_burst);
    ADD("/ext/initial", ext, test_initial);
    ADD("/ext/own", ext, test_own);
    ADD("/ext/disowned", ext, test_disowned);
    ADD("/ext/disowned-late", late, test_disowned);
    ADD("/ext/promise", ext, test_promise);
    ADD("/ext/reader-stalls", ext, test_reader_stalls);
    ADD("/ext/free-while-busy", ext, test_free_while_busy);
    ADD("/ext/save", ext, test_save);
    ADD("/ext/lost", ext, test_lost);
    ADD("/ext/no-leak", ext, test_no_leak);
    ADD("/wlr-2/receive", wlr, test_receive);
    ADD("/wlr-2/own", wlr, test_own);
    ADD("/wlr-2/disowned", wlr, test_disowned);
    ADD("/wlr-1/receive", wlr_1, test_receive);
    ADD("/wlr-1/own", wlr_1, test_own);
    ADD_SWAY("/sway/bytes", test_sway_bytes);
    ADD_SWAY("/sway/image", test_sway_image);
    ADD_SWAY("/sway/owner-dies", test_sway_owner_dies);
    ADD_SWAY("/sway/dies", test_sway_dies);
    return g_test_run();
}
