/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The X11 backend under an Xvfb of the test's own, with xclip, xsel and clients made to misbehave.
 */
#include "clip/watcher.h"
#include "clip/x11-peer.h"
#include "util/error.h"

#include <signal.h>
#include <string.h>

#define KIB ((size_t)1024)
#define MIB (KIB * 1024)

typedef struct {
    ClipServer *server;
    ClipWatcher *watcher;
    ClipPeer *peer;
} Fixture;

static ClipWatcher *
watch(const ClipServer *server)
{
    return clip_watcher_new(&(MvmClipDisplay){.wayland = "", .x11 = server->name});
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->server = clip_xvfb_new();
    if (fixture->server == NULL)
        return;
    fixture->watcher = watch(fixture->server);
    fixture->peer = clip_peer_new(fixture->server);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    g_clear_pointer(&fixture->peer, clip_peer_free);
    g_clear_pointer(&fixture->watcher, clip_watcher_free);
    g_clear_pointer(&fixture->server, clip_server_free);
}

/* The peer owns the clipboard with that one target; waits until it was reported. */
static void
peer_owns(Fixture *f, const char *target, GBytes *bytes)
{
    unsigned before = f->watcher->changed;

    g_hash_table_remove_all(f->peer->data);
    clip_peer_set(f->peer, target, bytes);
    clip_peer_own(f->peer, false);
    CLIP_WAIT(f->watcher, f->watcher->changed > before);
}

static void
assert_text(GBytes *bytes, const char *text)
{
    g_assert_nonnull(bytes);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), text, strlen(text));
}

static void
test_choice(Fixture *f, gconstpointer data)
{
    if (f->server == NULL)
        return;
    g_assert_cmpstr(mvm_clip_backend_get_name(f->watcher->backend), ==, "x11");
    g_assert_cmpstr(mvm_clip_backend_get_reason(f->watcher->backend), ==,
                    "the session is not a Wayland session");
}

static void
test_receive_types(Fixture *f, gconstpointer data)
{
    const struct {
        const char *target;
        MvmClipType type;
    } cases[] = {
        {"UTF8_STRING", MVM_CLIP_TEXT},
        {"text/plain;charset=utf-8", MVM_CLIP_TEXT},
        {"text/plain;charset=UTF-8", MVM_CLIP_TEXT},
        {"text/plain", MVM_CLIP_TEXT},
        {"text/html", MVM_CLIP_HTML},
        {"text/rtf", MVM_CLIP_RTF},
        {"application/rtf", MVM_CLIP_RTF},
        {"image/png", MVM_CLIP_PNG},
        {"image/tiff", MVM_CLIP_TIFF},
    };

    for (size_t i = 0; f->server != NULL && i < G_N_ELEMENTS(cases); i++) {
        bool text = cases[i].type == MVM_CLIP_TEXT;
        g_autoptr(GBytes) bytes =
            text ? clip_ascii_bytes(1000 + i) : clip_random_bytes(1000 + i, (uint32_t)i);

        peer_owns(f, cases[i].target, bytes);
        g_assert_cmpuint(f->watcher->offer.types, ==, MVM_CLIP_BIT(cases[i].type));
        g_assert_false(f->watcher->offer.empty || f->watcher->offer.initial);
        g_assert_true(g_bytes_equal(clip_watcher_read(f->watcher, cases[i].type), bytes));
    }
}

static void
test_receive_best(Fixture *f, gconstpointer data)
{
    if (f->server == NULL)
        return;
    clip_peer_set_text(f->peer, "STRING", "worst");
    clip_peer_set_text(f->peer, "UTF8_STRING", "second");
    clip_peer_set_text(f->peer, "text/plain;charset=utf-8", "best");
    clip_peer_set_text(f->peer, "text/uri-list", "file:///etc/passwd");
    clip_peer_own(f->peer, false);
    CLIP_WAIT(f->watcher, f->watcher->changed == 1);
    g_assert_cmpuint(f->watcher->offer.types, ==, MVM_CLIP_BIT(MVM_CLIP_TEXT));
    assert_text(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), "best");
    g_assert_null(clip_watcher_read(f->watcher, MVM_CLIP_PNG));
    g_assert_error(f->watcher->error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
}

static void
test_receive_latin1(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) latin1 = g_bytes_new_static("caf\xe9\xff\n", 6);
    g_autoptr(GBytes) utf8 = g_bytes_new_static("caf\xc3\xa9\xc3\xbf\n", 8);
    g_autoptr(GBytes) broken = g_bytes_new_static("\xff", 1);

    if (f->server == NULL)
        return;
    peer_owns(f, "STRING", latin1);
    g_assert_true(g_bytes_equal(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), utf8));
    peer_owns(f, "UTF8_STRING", broken);
    g_assert_null(clip_watcher_read(f->watcher, MVM_CLIP_TEXT));
    g_assert_error(f->watcher->error, MVM_ERROR, MVM_ERROR_FAILED);
}

static void
test_receive_marks(Fixture *f, gconstpointer data)
{
    if (f->server == NULL)
        return;
    clip_peer_set_text(f->peer, "UTF8_STRING", "hunter2");
    clip_peer_set_text(f->peer, "x-kde-passwordManagerHint", "secret");
    clip_peer_own(f->peer, false);
    CLIP_WAIT(f->watcher, f->watcher->changed == 1);
    g_assert_true(f->watcher->offer.secret);
    g_assert_null(f->watcher->origin);
    g_hash_table_remove_all(f->peer->data);
    clip_peer_set_text(f->peer, "UTF8_STRING", "text");
    clip_peer_set_text(f->peer, "application/x-macvm-origin", "another-machine");
    clip_peer_own(f->peer, false);
    CLIP_WAIT(f->watcher, f->watcher->changed == 2);
    g_assert_false(f->watcher->offer.secret);
    g_assert_cmpstr(f->watcher->origin, ==, "another-machine");
    clip_peer_set_text(f->peer, "application/x-macvm-origin", "not valid\n");
    clip_peer_own(f->peer, false);
    CLIP_WAIT(f->watcher, f->watcher->changed == 3);
    g_assert_null(f->watcher->origin);
}

/* Files are copied: their paths do not cross as text; a picture beside them does. */
static void
test_receive_files(Fixture *f, gconstpointer data)
{
    if (f->server == NULL)
        return;
    clip_peer_set_text(f->peer, "x-special/gnome-copied-files", "copy\nfile:///home/joe/a");
    clip_peer_set_text(f->peer, "UTF8_STRING", "/home/joe/a");
    clip_peer_own(f->peer, false);
    CLIP_WAIT(f->watcher, f->watcher->changed == 1);
    g_assert_cmpuint(f->watcher->offer.types, ==, 0);
    clip_peer_set_text(f->peer, "image/png", "png");
    clip_peer_own(f->peer, false);
    CLIP_WAIT(f->watcher, f->watcher->changed == 2);
    g_assert_cmpuint(f->watcher->offer.types, ==, MVM_CLIP_BIT(MVM_CLIP_PNG));
}

/* A clipboard manager takes over what a password manager copied, without its mark, before its list
 * of targets was read; or before the mark of its origin was. */
static void
test_secret_taken_over(Fixture *f, gconstpointer data)
{
    g_autoptr(ClipPeer) manager = NULL;

    if (f->server == NULL)
        return;
    manager = clip_peer_new(f->server);
    clip_peer_set_text(manager, "UTF8_STRING", "hunter2");
    clip_peer_set_text(f->peer, "UTF8_STRING", "hunter2");
    clip_peer_set_text(f->peer, "x-kde-passwordManagerHint", "secret");
    for (unsigned i = 0; i < 2; i++) {
        unsigned before = f->watcher->changed;

        f->peer->asked = 0;
        clip_peer_own(f->peer, false);
        CLIP_WAIT(f->watcher, f->peer->asked == i + 1);
        clip_peer_own(manager, false);
        CLIP_WAIT(f->watcher, f->watcher->changed > before);
        g_assert_true(f->watcher->offer.secret);
        clip_watcher_idle(f->watcher, 2 * MVM_CLIP_COALESCE_MS);
        /* What comes later is a copy like any other. */
        before = f->watcher->changed;
        clip_peer_own(manager, false);
        CLIP_WAIT(f->watcher, f->watcher->changed > before);
        g_assert_false(f->watcher->offer.secret);
        clip_watcher_idle(f->watcher, 2 * MVM_CLIP_COALESCE_MS);
        clip_peer_set_text(f->peer, "application/x-macvm-origin", "another-machine");
    }
}

/* An owner that tells nothing does not keep the next one waiting. */
static void
test_mute_replaced(Fixture *f, gconstpointer data)
{
    g_autoptr(ClipPeer) mute = NULL;
    gint64 begin = 0;

    if (f->server == NULL)
        return;
    mute = clip_peer_new(f->server);
    mute->silent = true;
    clip_peer_set_text(mute, "UTF8_STRING", "x");
    clip_peer_own(mute, false);
    CLIP_WAIT(f->watcher, mute->asked == 1);
    begin = g_get_monotonic_time();
    clip_peer_set_text(f->peer, "UTF8_STRING", "y");
    clip_peer_own(f->peer, false);
    CLIP_WAIT(f->watcher, f->watcher->changed == 1);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 2 * G_USEC_PER_SEC);
    assert_text(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), "y");
}

/* The bytes that something on the way likes to change. */
static const struct {
    const char *bytes;
    size_t size;
} table[] = {
    {"a\nb\n\n", 5},
    {"a\r\nb\r\n", 6},
    {"a\rb", 3},
    {"a\0b\0", 4},
    {"\xf0\x9f\x8d\x8e", 4},
    {"e\xcc\x81", 3},
    {"\xc3\xa9", 2},
    {"a\xe2\x80\xa8z", 5},
    {"\xef\xbb\xbf"
     "bom",
     6},
    {"{\\rtf1 no}", 10},
    {"%!PS-Adobe", 10},
    {" ", 1},
};

static void
test_bytes_in(Fixture *f, gconstpointer data)
{
    if (f->server == NULL || !clip_need("xclip") || !clip_need("xsel"))
        return;
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(table); i++) {
        g_autoptr(GBytes) bytes = g_bytes_new(table[i / 2].bytes, table[i / 2].size);
        const char *xclip[] = {"xclip", "-selection", "clipboard", "-i", NULL};
        const char *xsel[] = {"xsel", "-b", "-i", NULL};
        unsigned before = f->watcher->changed;

        /* xsel treats its input as a C string. */
        if (i % 2 == 1 && memchr(table[i / 2].bytes, 0, table[i / 2].size) != NULL)
            continue;
        g_bytes_unref(clip_run(f->watcher, i % 2 == 0 ? xclip : xsel,
                               (const char *[]){f->server->variable, NULL}, bytes));
        CLIP_WAIT(f->watcher, f->watcher->changed > before);
        g_assert_true(g_bytes_equal(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), bytes));
    }
}

static void
test_bytes_out(Fixture *f, gconstpointer data)
{
    if (f->server == NULL || !clip_need("xclip"))
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(GBytes) bytes = g_bytes_new(table[i].bytes, table[i].size);
        g_autoptr(GBytes) pasted = NULL;

        clip_watcher_own(f->watcher, MVM_CLIP_TEXT, bytes);
        pasted = clip_run(
            f->watcher,
            (const char *[]){"xclip", "-selection", "clipboard", "-o", "-t", "UTF8_STRING", NULL},
            (const char *[]){f->server->variable, NULL}, NULL);
        g_assert_true(g_bytes_equal(pasted, bytes));
    }
    g_assert_cmpuint(f->watcher->changed, ==, 0);
}

static void
test_xclip_image(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) png = clip_random_bytes(12000000, 1);
    g_autoptr(GBytes) pasted = NULL;

    if (f->server == NULL || !clip_need("xclip"))
        return;
    g_bytes_unref(clip_run(
        f->watcher,
        (const char *[]){"xclip", "-selection", "clipboard", "-i", "-t", "image/png", NULL},
        (const char *[]){f->server->variable, NULL}, png));
    CLIP_WAIT(f->watcher, f->watcher->changed == 1);
    g_assert_cmpuint(f->watcher->offer.types, ==, MVM_CLIP_BIT(MVM_CLIP_PNG));
    g_assert_true(g_bytes_equal(clip_watcher_read(f->watcher, MVM_CLIP_PNG), png));
    clip_watcher_own(f->watcher, MVM_CLIP_PNG, png);
    pasted = clip_run(
        f->watcher,
        (const char *[]){"xclip", "-selection", "clipboard", "-o", "-t", "image/png", NULL},
        (const char *[]){f->server->variable, NULL}, NULL);
    g_assert_true(g_bytes_equal(pasted, png));
}

static const size_t sizes[] = {
    0, 1, 100000, 100001, 256 * KIB - 1, 256 * KIB, 256 * KIB + 1, 1 * MIB, 16 * MIB};

static void
test_incr_in(Fixture *f, gconstpointer data)
{
    for (size_t i = 0; f->server != NULL && i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GBytes) bytes = clip_random_bytes(sizes[i], (uint32_t)i);

        peer_owns(f, "image/png", bytes);
        g_assert_true(g_bytes_equal(clip_watcher_read(f->watcher, MVM_CLIP_PNG), bytes));
        /* In one property, whatever its size. */
        f->peer->chunk = SIZE_MAX;
        peer_owns(f, "image/png", bytes);
        g_assert_true(g_bytes_equal(clip_watcher_read(f->watcher, MVM_CLIP_PNG), bytes));
        f->peer->chunk = 100000;
    }
}

static void
test_incr_out(Fixture *f, gconstpointer data)
{
    for (size_t i = 0; f->server != NULL && i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GBytes) bytes = clip_random_bytes(sizes[i], (uint32_t)i);

        clip_watcher_own(f->watcher, MVM_CLIP_PNG, bytes);
        g_assert_true(clip_peer_paste(f->peer, f->watcher, "image/png"));
        g_assert_cmpmem(f->peer->in->data, f->peer->in->len, g_bytes_get_data(bytes, NULL),
                        sizes[i]);
    }
    if (f->server != NULL)
        CLIP_WAIT(f->watcher, mvm_clip_backend_get_stats(f->watcher->backend)->transfers == 0);
}

static void
test_cap(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) most = clip_ascii_bytes(MVM_CLIP_TEXT_MAX);
    g_autoptr(GBytes) more = clip_ascii_bytes(MVM_CLIP_TEXT_MAX + 1);

    if (f->server == NULL)
        return;
    f->peer->chunk = 4 * MIB;
    for (int i = 0; i < 2; i++) {
        peer_owns(f, "UTF8_STRING", most);
        g_assert_true(g_bytes_equal(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), most));
        peer_owns(f, "UTF8_STRING", more);
        g_assert_null(clip_watcher_read(f->watcher, MVM_CLIP_TEXT));
        g_assert_error(f->watcher->error, MVM_ERROR, MVM_ERROR_FAILED);
        /* INCR that tells less than comes; then one property. */
        f->peer->announce = 1;
        peer_owns(f, "UTF8_STRING", more);
        g_assert_null(clip_watcher_read(f->watcher, MVM_CLIP_TEXT));
        f->peer->announce = 0;
        f->peer->chunk = SIZE_MAX;
    }
    /* Nothing of that is in the way of the next one. */
    peer_owns(f, "UTF8_STRING", most);
    g_assert_true(g_bytes_equal(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), most));
}

static void
test_own_targets(Fixture *f, gconstpointer data)
{
    const char *offered[] = {"TARGETS",     "TIMESTAMP",
                             "MULTIPLE",    "SAVE_TARGETS",
                             "UTF8_STRING", "text/plain;charset=utf-8",
                             "text/plain",  "TEXT",
                             "STRING",      "application/x-macvm-origin"};
    g_autoptr(GBytes) text = g_bytes_new_static("caf\xc3\xa9", 5);
    g_autoptr(GBytes) wide = g_bytes_new_static("\xe2\x82\xac", 3);
    const xcb_atom_t *atoms = NULL;

    if (f->server == NULL)
        return;
    clip_watcher_own(f->watcher, MVM_CLIP_TEXT, text);
    g_assert_true(clip_peer_paste(f->peer, f->watcher, "TARGETS"));
    g_assert_cmpuint(f->peer->type, ==, XCB_ATOM_ATOM);
    g_assert_cmpuint(f->peer->in->len, ==, sizeof(xcb_atom_t) * G_N_ELEMENTS(offered));
    atoms = (const xcb_atom_t *)(const void *)f->peer->in->data;
    for (size_t i = 0; i < G_N_ELEMENTS(offered); i++) {
        bool found = false;

        for (size_t k = 0; k < G_N_ELEMENTS(offered); k++)
            found = found || atoms[k] == clip_peer_atom(f->peer, offered[i]);
        g_assert_true(found);
    }
    g_assert_true(clip_peer_paste(f->peer, f->watcher, "STRING"));
    g_assert_cmpmem(f->peer->in->data, f->peer->in->len, "caf\xe9", 4);
    g_assert_true(clip_peer_paste(f->peer, f->watcher, "TEXT"));
    g_assert_cmpuint(f->peer->type, ==, clip_peer_atom(f->peer, "UTF8_STRING"));
    g_assert_cmpmem(f->peer->in->data, f->peer->in->len, "caf\xc3\xa9", 5);
    g_assert_true(clip_peer_paste(f->peer, f->watcher, "application/x-macvm-origin"));
    g_assert_cmpmem(f->peer->in->data, f->peer->in->len, "test-origin", 11);
    g_assert_false(clip_peer_paste(f->peer, f->watcher, "image/png"));
    g_assert_false(clip_peer_paste(f->peer, f->watcher, "x-kde-passwordManagerHint"));
    clip_watcher_own(f->watcher, MVM_CLIP_TEXT, wide);
    g_assert_false(clip_peer_paste(f->peer, f->watcher, "STRING"));
}

static void
test_own_times(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) text = g_bytes_new_static("x", 1);
    xcb_timestamp_t before = 0, own_time = 0;

    if (f->server == NULL)
        return;
    before = clip_peer_time(f->peer);
    g_usleep(20000); /* the server counts milliseconds */
    clip_watcher_own(f->watcher, MVM_CLIP_TEXT, text);
    g_assert_true(clip_peer_paste(f->peer, f->watcher, "TIMESTAMP"));
    g_assert_cmpuint(f->peer->type, ==, XCB_ATOM_INTEGER);
    g_assert_cmpuint(f->peer->in->len, ==, 4);
    memcpy(&own_time, f->peer->in->data, sizeof(own_time));
    g_assert_cmpint((int32_t)(own_time - before), >, 0);
    g_assert_cmpint((int32_t)(clip_peer_time(f->peer) - own_time), >=, 0);
    /* Who asks for the content of a time before ours asks somebody else. */
    clip_peer_convert_at(f->peer, "UTF8_STRING", before);
    CLIP_WAIT(f->watcher, f->peer->done);
    g_assert_true(f->peer->refused);
    clip_peer_convert_at(f->peer, "UTF8_STRING", own_time);
    CLIP_WAIT(f->watcher, f->peer->done);
    g_assert_false(f->peer->refused);
}

static void
test_own_multiple(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) text = g_bytes_new_static("x", 1);
    xcb_atom_t pairs[6];

    if (f->server == NULL)
        return;
    clip_watcher_own(f->watcher, MVM_CLIP_TEXT, text);
    pairs[0] = clip_peer_atom(f->peer, "UTF8_STRING");
    pairs[1] = clip_peer_atom(f->peer, "FIRST");
    pairs[2] = clip_peer_atom(f->peer, "image/png");
    pairs[3] = clip_peer_atom(f->peer, "SECOND");
    pairs[4] = clip_peer_atom(f->peer, "TIMESTAMP");
    pairs[5] = clip_peer_atom(f->peer, "THIRD");
    xcb_change_property(f->peer->conn, XCB_PROP_MODE_REPLACE, f->peer->window,
                        clip_peer_atom(f->peer, "MULTIPLE"), clip_peer_atom(f->peer, "ATOM_PAIR"),
                        32, 6, pairs);
    g_assert_true(clip_peer_paste(f->peer, f->watcher, "MULTIPLE"));
    pairs[3] = XCB_NONE;
    g_assert_cmpmem(f->peer->in->data, f->peer->in->len, pairs, sizeof(pairs));
    /* Pairs that are none: odd, or no property at all. */
    xcb_change_property(f->peer->conn, XCB_PROP_MODE_REPLACE, f->peer->window,
                        clip_peer_atom(f->peer, "MULTIPLE"), clip_peer_atom(f->peer, "ATOM_PAIR"),
                        32, 3, pairs);
    g_assert_false(clip_peer_paste(f->peer, f->watcher, "MULTIPLE"));
    xcb_delete_property(f->peer->conn, f->peer->window, clip_peer_atom(f->peer, "MULTIPLE"));
    g_assert_false(clip_peer_paste(f->peer, f->watcher, "MULTIPLE"));
}

static void
test_two_requestors(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = clip_random_bytes(5 * MIB, 3);
    g_autoptr(ClipPeer) other = NULL;

    if (f->server == NULL)
        return;
    other = clip_peer_new(f->server);
    clip_watcher_own(f->watcher, MVM_CLIP_PNG, bytes);
    clip_peer_convert(f->peer, "image/png");
    clip_peer_convert(other, "image/png");
    CLIP_WAIT(f->watcher, f->peer->done && other->done);
    g_assert_cmpmem(f->peer->in->data, f->peer->in->len, g_bytes_get_data(bytes, NULL), 5 * MIB);
    g_assert_cmpmem(other->in->data, other->in->len, g_bytes_get_data(bytes, NULL), 5 * MIB);
}

static void
test_requestor_stalls(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = clip_random_bytes(1 * MIB, 3);
    g_autoptr(ClipPeer) other = NULL;
    const MvmClipStats *stats = NULL;

    if (f->server == NULL)
        return;
    stats = mvm_clip_backend_get_stats(f->watcher->backend);
    other = clip_peer_new(f->server);
    clip_watcher_own(f->watcher, MVM_CLIP_PNG, bytes);
    f->peer->stall = true;
    clip_peer_convert(f->peer, "image/png");
    CLIP_WAIT(f->watcher, f->peer->answered == 1);
    /* The others are served meanwhile; then it is given up. */
    g_assert_true(clip_peer_paste(other, f->watcher, "image/png"));
    g_assert_cmpuint(other->in->len, ==, 1 * MIB);
    CLIP_WAIT(f->watcher, stats->transfers == 1);
    CLIP_WAIT(f->watcher, stats->transfers == 0);
    g_assert_cmpuint(stats->refused, ==, 1);
    f->peer->stall = false;
    g_assert_true(clip_peer_paste(f->peer, f->watcher, "image/png"));
}

static void
test_requestor_dies(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = clip_random_bytes(4 * MIB, 3);
    const MvmClipStats *stats = NULL;
    xcb_window_t window = 0;

    if (f->server == NULL)
        return;
    stats = mvm_clip_backend_get_stats(f->watcher->backend);
    clip_watcher_own(f->watcher, MVM_CLIP_PNG, bytes);
    /* Its window goes in the middle, or before we even write to it. */
    for (int i = 0; i < 2; i++) {
        g_autoptr(ClipPeer) doomed = clip_peer_new(f->server);

        doomed->stall = true;
        clip_peer_convert(doomed, "image/png");
        if (i == 0)
            CLIP_WAIT(f->watcher, stats->transfers == 1);
        window = doomed->window;
        xcb_destroy_window(doomed->conn, window);
        xcb_flush(doomed->conn);
        CLIP_WAIT(f->watcher, stats->transfers == 0);
    }
    g_assert_true(clip_peer_paste(f->peer, f->watcher, "image/png"));
    g_assert_cmpuint(f->peer->in->len, ==, 4 * MIB);
    g_assert_cmpuint(f->watcher->lost, ==, 0);
}

static void
test_owner_silent(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = clip_random_bytes(1 * MIB, 3);

    if (f->server == NULL)
        return;
    /* It tells its targets, and then nothing. */
    f->peer->only = clip_peer_atom(f->peer, "TARGETS");
    peer_owns(f, "image/png", bytes);
    clip_watcher_start_read(f->watcher, MVM_CLIP_PNG, 200);
    CLIP_WAIT(f->watcher, f->watcher->reads == 1);
    g_assert_error(f->watcher->error, MVM_ERROR, MVM_ERROR_FAILED);
    /* It sends two pieces of eleven. */
    f->peer->only = XCB_NONE;
    f->peer->pieces = 2;
    clip_watcher_start_read(f->watcher, MVM_CLIP_PNG, 200);
    CLIP_WAIT(f->watcher, f->watcher->reads == 2);
    g_assert_error(f->watcher->error, MVM_ERROR, MVM_ERROR_FAILED);
    /* It finds its voice again. */
    f->peer->pieces = UINT32_MAX;
    g_assert_true(g_bytes_equal(clip_watcher_read(f->watcher, MVM_CLIP_PNG), bytes));
}

/* An owner that does not even tell its targets is reported as one without types. */
static void
test_owner_mute(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("x", 1);

    if (f->server == NULL)
        return;
    f->peer->silent = true;
    peer_owns(f, "UTF8_STRING", bytes);
    g_assert_cmpuint(f->watcher->offer.types, ==, 0);
    g_assert_false(f->watcher->offer.empty);
}

static void
test_owner_stopped(Fixture *f, gconstpointer data)
{
    const char *argv[] = {"xclip", "-quiet", "-selection", "clipboard", "-i", NULL};
    GPid pid = 0;
    int in = -1;

    if (f->server == NULL || !clip_need("xclip"))
        return;
    pid = clip_spawn(argv, (const char *[]){f->server->variable, NULL}, &in);
    g_assert_cmpint(write(in, "text", 4), ==, 4);
    close(in);
    CLIP_WAIT(f->watcher, f->watcher->changed == 1);
    g_assert_nonnull(clip_watcher_read(f->watcher, MVM_CLIP_TEXT));
    kill(pid, SIGSTOP);
    clip_watcher_start_read(f->watcher, MVM_CLIP_TEXT, 300);
    CLIP_WAIT(f->watcher, f->watcher->reads == 2);
    g_assert_error(f->watcher->error, MVM_ERROR, MVM_ERROR_FAILED);
    /* What it answers late goes where nobody looks, and does not kill it. */
    kill(pid, SIGCONT);
    assert_text(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), "text");
    /* Killed, it leaves an empty clipboard. */
    kill(pid, SIGSTOP);
    clip_watcher_start_read(f->watcher, MVM_CLIP_TEXT, 60000);
    clip_watcher_idle(f->watcher, 50);
    clip_kill(pid, SIGKILL);
    CLIP_WAIT(f->watcher, f->watcher->reads == 4 && f->watcher->changed == 2);
    g_assert_error(f->watcher->error, MVM_ERROR, MVM_ERROR_CANCELLED);
    g_assert_true(f->watcher->offer.empty);
}

static void
test_owner_replaced(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) old = clip_random_bytes(1 * MIB, 3);
    g_autoptr(GBytes) text = g_bytes_new_static("new", 3);
    g_autoptr(ClipPeer) other = NULL;
    uint64_t generation = 0;

    if (f->server == NULL)
        return;
    other = clip_peer_new(f->server);
    f->peer->pieces = 1;
    peer_owns(f, "image/png", old);
    generation = f->watcher->offer.generation;
    clip_watcher_start_read(f->watcher, MVM_CLIP_PNG, 60000);
    CLIP_WAIT(f->watcher, f->peer->pieces == 0);
    clip_peer_set(other, "UTF8_STRING", text);
    clip_peer_own(other, false);
    CLIP_WAIT(f->watcher, f->watcher->reads == 1);
    g_assert_error(f->watcher->error, MVM_ERROR, MVM_ERROR_CANCELLED);
    CLIP_WAIT(f->watcher, f->watcher->changed == 2);
    g_assert_true(g_bytes_equal(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), text));
    /* The old generation cannot be read any more. */
    f->watcher->offer.generation = generation;
    g_assert_null(clip_watcher_read(f->watcher, MVM_CLIP_TEXT));
    g_assert_error(f->watcher->error, MVM_ERROR, MVM_ERROR_CANCELLED);
}

/* The same window owns again and again; with the time of now, or CurrentTime. */
static void
test_same_window(Fixture *f, gconstpointer data)
{
    for (int i = 0; f->server != NULL && i < 10; i++) {
        g_autofree char *text = g_strdup_printf("text %d", i);
        unsigned before = f->watcher->changed;

        clip_peer_set_text(f->peer, "UTF8_STRING", text);
        clip_peer_own(f->peer, i % 2 == 1);
        CLIP_WAIT(f->watcher, f->watcher->changed > before);
        assert_text(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), text);
    }
}

/* One client after the other gets the same ids from the server. */
static void
test_same_id(Fixture *f, gconstpointer data)
{
    xcb_window_t first = 0;

    if (f->server == NULL)
        return;
    for (int i = 0; i < 3; i++) {
        g_autoptr(ClipPeer) other = clip_peer_new(f->server);
        char text[] = {'a', (char)('0' + i), '\0'};

        first = i == 0 ? other->window : first;
        g_assert_cmpuint(other->window, ==, first);
        clip_peer_set_text(other, "UTF8_STRING", text);
        clip_peer_own(other, false);
        CLIP_WAIT(f->watcher,
                  !f->watcher->offer.empty && f->watcher->changed == 2 * (unsigned)i + 1);
        assert_text(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), text);
        clip_peer_free(g_steal_pointer(&other));
        CLIP_WAIT(f->watcher, f->watcher->offer.empty);
    }
}

static void
test_burst(Fixture *f, gconstpointer data)
{
    const MvmClipStats *stats = NULL;
    gint64 begin = 0, took_ms = 0;

    if (f->server == NULL)
        return;
    stats = mvm_clip_backend_get_stats(f->watcher->backend);
    clip_peer_set_text(f->peer, "UTF8_STRING", "last");
    begin = g_get_monotonic_time();
    for (int i = 0; i < 100; i++) {
        clip_peer_own(f->peer, false);
        clip_step(f->watcher);
    }
    CLIP_WAIT(f->watcher, stats->changes == 100);
    took_ms = (g_get_monotonic_time() - begin) / 1000;
    CLIP_WAIT(f->watcher, f->watcher->offer.generation == 101);
    g_assert_cmpuint(stats->reports, >=, 1);
    g_assert_cmpuint(stats->reports, <=, (uint64_t)took_ms / MVM_CLIP_COALESCE_MS + 2);
    g_assert_nonnull(clip_watcher_read(f->watcher, MVM_CLIP_TEXT));
}

/* A single copy is not held back, and the next one after a pause is not either. */
static void
test_no_delay(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("x", 1);
    gint64 best = G_MAXINT64;

    if (f->server == NULL)
        return;
    for (int i = 0; i < 20; i++) {
        gint64 begin = 0;

        clip_watcher_idle(f->watcher, 2 * MVM_CLIP_COALESCE_MS);
        begin = g_get_monotonic_time();
        peer_owns(f, "UTF8_STRING", bytes);
        best = MIN(best, g_get_monotonic_time() - begin);
    }
    g_assert_cmpint(best, <, MVM_CLIP_COALESCE_MS * 1000);
}

static void
test_initial(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("before", 6);
    g_autoptr(ClipWatcher) late = NULL;

    if (f->server == NULL)
        return;
    peer_owns(f, "UTF8_STRING", bytes);
    late = watch(f->server);
    CLIP_WAIT(late, late->changed == 1);
    g_assert_true(late->offer.initial);
    g_assert_true(g_bytes_equal(clip_watcher_read(late, MVM_CLIP_TEXT), bytes));
    clip_peer_own(f->peer, false);
    CLIP_WAIT(late, late->changed == 2);
    g_assert_false(late->offer.initial);
}

static void
test_disowned(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("theirs", 6);
    uint64_t own_id = 0;

    if (f->server == NULL)
        return;
    clip_watcher_own(f->watcher, MVM_CLIP_TEXT, bytes);
    own_id = clip_watcher_own(f->watcher, MVM_CLIP_TEXT, bytes);
    g_assert_cmpuint(f->watcher->disowned, ==, 0);
    g_usleep(5000);
    peer_owns(f, "UTF8_STRING", bytes);
    CLIP_WAIT(f->watcher, f->watcher->disowned == 1);
    g_assert_cmpuint(f->watcher->own_id, ==, own_id);
    g_assert_no_error(f->watcher->error);
    g_assert_cmpuint(f->watcher->changed, ==, 1);
    /* And back. */
    clip_watcher_own(f->watcher, MVM_CLIP_TEXT, bytes);
    CLIP_WAIT(f->watcher, f->peer->cleared == 1);
    mvm_clip_backend_release(f->watcher->backend);
    clip_peer_paste(f->peer, f->watcher, "UTF8_STRING");
    g_assert_true(f->peer->refused);
    clip_watcher_idle(f->watcher, 50);
    g_assert_cmpuint(f->watcher->changed, ==, 1);
    g_assert_cmpuint(f->watcher->disowned, ==, 1);
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
    g_autoptr(GBytes) text = g_bytes_new_static("now", 3);
    g_autoptr(GBytes) png = clip_random_bytes(1 * MIB, 7);
    g_autoptr(MvmClipContent) content = mvm_clip_content_new(NULL, false);
    g_autoptr(ClipPeer) other = NULL;
    uint64_t own_id = 0;

    if (f->server == NULL)
        return;
    other = clip_peer_new(f->server);
    g_assert_true(mvm_clip_content_set(content, MVM_CLIP_TEXT, text, NULL));
    own_id = mvm_clip_backend_own(f->watcher->backend, content, MVM_CLIP_BIT(MVM_CLIP_PNG));
    CLIP_WAIT(f->watcher, f->watcher->owned == 1);
    /* Two ask, one request; it cannot be had. */
    clip_peer_convert(f->peer, "image/png");
    clip_peer_convert(other, "image/png");
    CLIP_WAIT(f->watcher, f->watcher->requested == 1);
    clip_watcher_idle(f->watcher, 30);
    g_assert_cmpuint(f->watcher->requested, ==, 1);
    g_assert_cmpuint(f->watcher->requested_id, ==, own_id);
    g_assert_true(clip_peer_paste(other, f->watcher, "UTF8_STRING"));
    mvm_clip_backend_provide(f->watcher->backend, own_id, MVM_CLIP_PNG, NULL);
    CLIP_WAIT(f->watcher, f->peer->done);
    g_assert_true(f->peer->refused);
    /* The next time it can, at once, and is asked for no more. */
    f->watcher->on_requested = provide_png;
    for (int i = 0; i < 2; i++) {
        g_assert_true(clip_peer_paste(f->peer, f->watcher, "image/png"));
        g_assert_cmpmem(f->peer->in->data, f->peer->in->len, g_bytes_get_data(png, NULL), 1 * MIB);
    }
    g_assert_cmpuint(f->watcher->requested, ==, 2);
}

/* Who waits for a promise is refused when the ownership ends. */
static void
test_promise_broken(Fixture *f, gconstpointer data)
{
    g_autoptr(MvmClipContent) content = mvm_clip_content_new(NULL, true);

    if (f->server == NULL)
        return;
    mvm_clip_backend_own(f->watcher->backend, content, MVM_CLIP_BIT(MVM_CLIP_PNG));
    CLIP_WAIT(f->watcher, f->watcher->owned == 1);
    g_assert_true(clip_peer_paste(f->peer, f->watcher, "x-kde-passwordManagerHint"));
    g_assert_cmpmem(f->peer->in->data, f->peer->in->len, "secret", 6);
    clip_peer_convert(f->peer, "image/png");
    CLIP_WAIT(f->watcher, f->watcher->requested == 1);
    mvm_clip_backend_release(f->watcher->backend);
    CLIP_WAIT(f->watcher, f->peer->done);
    g_assert_true(f->peer->refused);
    /* And by the end of the backend, too. */
    mvm_clip_backend_own(f->watcher->backend, content, MVM_CLIP_BIT(MVM_CLIP_PNG));
    CLIP_WAIT(f->watcher, f->watcher->owned == 2);
    clip_peer_convert(f->peer, "image/png");
    CLIP_WAIT(f->watcher, f->watcher->requested == 2);
}

static void
on_saved(MvmClipBackend *backend, bool saved, void *data)
{
    ClipWatcher *watcher = data;

    watcher->saved = saved;
    watcher->saves++;
}

static void
test_save(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) text = g_bytes_new_static("keep", 4);

    if (f->server == NULL)
        return;
    /* Nothing to save; nobody to save it; somebody. */
    mvm_clip_backend_save(f->watcher->backend, 1000, on_saved, f->watcher);
    CLIP_WAIT(f->watcher, f->watcher->saves == 1);
    g_assert_false(f->watcher->saved);
    clip_watcher_own(f->watcher, MVM_CLIP_TEXT, text);
    mvm_clip_backend_save(f->watcher->backend, 60000, on_saved, f->watcher);
    CLIP_WAIT(f->watcher, f->watcher->saves == 2);
    g_assert_false(f->watcher->saved);
    clip_peer_manage(f->peer);
    mvm_clip_backend_save(f->watcher->backend, 60000, on_saved, f->watcher);
    CLIP_WAIT(f->watcher, f->watcher->saves == 3);
    g_assert_true(f->watcher->saved);
    g_assert_cmpuint(f->peer->saves, ==, 1);
    g_assert_true(clip_peer_paste(f->peer, f->watcher, "UTF8_STRING"));
    /* A manager that hangs does not keep us. */
    f->peer->manager = false;
    f->peer->silent = true;
    mvm_clip_backend_save(f->watcher->backend, 200, on_saved, f->watcher);
    CLIP_WAIT(f->watcher, f->watcher->saves == 4);
    g_assert_false(f->watcher->saved);
}

static void
test_server_dies(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("x", 1);

    if (f->server == NULL)
        return;
    f->peer->only = clip_peer_atom(f->peer, "TARGETS");
    peer_owns(f, "UTF8_STRING", bytes);
    clip_watcher_start_read(f->watcher, MVM_CLIP_TEXT, 60000);
    clip_watcher_idle(f->watcher, 20);
    clip_peer_free(g_steal_pointer(&f->peer));
    clip_kill(f->server->pid, SIGKILL);
    f->server->pid = 0;
    CLIP_WAIT(f->watcher, f->watcher->lost == 1);
    g_assert_cmpuint(f->watcher->reads, ==, 1);
    g_assert_error(f->watcher->error, MVM_ERROR, MVM_ERROR_HOST);
    /* It answers still, and says no. */
    g_assert_null(clip_watcher_read(f->watcher, MVM_CLIP_TEXT));
    mvm_clip_backend_release(f->watcher->backend);
    clip_watcher_idle(f->watcher, 30);
    g_assert_cmpuint(f->watcher->lost, ==, 1);
}

static void
test_no_server(void)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    const MvmClipDisplay displays[] = {
        {.wayland = "", .x11 = ":98765"},
        {.wayland = "", .x11 = ""},
        {.backend = "x11", .x11 = ""},
        {.backend = "wayland-ext", .wayland = "", .x11 = ":98765"},
        {.backend = "wayland-wlr", .wayland = "/nonexistent/wayland-0"},
        {.wayland = "/nonexistent/wayland-0", .x11 = ""},
        {.wayland = "/nonexistent/wayland-0", .x11 = ":98765"},
    };
    static const MvmClipCallbacks none = {.changed = NULL};
    g_autoptr(GError) error = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(displays); i++) {
        g_assert_null(mvm_clip_backend_new(&displays[i], context, &none, NULL, &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_HOST);
        g_clear_error(&error);
    }
    g_assert_null(mvm_clip_backend_new(&(MvmClipDisplay){.backend = "carrier-pigeon"}, context,
                                       &none, NULL, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_USAGE);
}

/* A server that hangs is waited for a few seconds, however often. */
static void
test_frozen_at_start(Fixture *f, gconstpointer data)
{
    const MvmClipDisplay display = {.wayland = "", .x11 = f->server != NULL ? f->server->name : ""};
    static const MvmClipCallbacks none = {.changed = NULL};
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(MvmClipBackend) backend = NULL;
    gint64 begin = g_get_monotonic_time();

    if (f->server == NULL)
        return;
    kill(f->server->pid, SIGSTOP);
    for (int i = 0; i < 6; i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(mvm_clip_backend_new(&display, context, &none, NULL, &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_HOST);
        g_assert_nonnull(strstr(error->message, "does not answer"));
    }
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 30 * G_USEC_PER_SEC);
    kill(f->server->pid, SIGCONT);
    while (backend == NULL)
        backend = mvm_clip_backend_new(&display, context, &none, NULL, NULL);
}

/* A stale WAYLAND_DISPLAY is no obstacle. */
static void
test_fallback(Fixture *f, gconstpointer data)
{
    g_autoptr(ClipWatcher) other = NULL;

    if (f->server == NULL)
        return;
    other = clip_watcher_new(
        &(MvmClipDisplay){.wayland = "/nonexistent/wayland-0", .x11 = f->server->name});
    g_assert_cmpstr(mvm_clip_backend_get_name(other->backend), ==, "x11");
    g_assert_nonnull(strstr(mvm_clip_backend_get_reason(other->backend), "/nonexistent/wayland-0"));
}

/* Copies to and fro cost no descriptor; the sanitizers see to the memory. */
static void
test_no_leak(Fixture *f, gconstpointer data)
{
    const char *wanted = g_getenv("MVM_TEST_COPIES");
    unsigned copies = wanted != NULL ? (unsigned)g_ascii_strtoull(wanted, NULL, 10) : 300;
    unsigned fds = 0;

    if (f->server == NULL)
        return;
    for (unsigned i = 0; i < copies; i++) {
        g_autoptr(GBytes) bytes = clip_ascii_bytes(i % 50 == 0 ? 300 * KIB : 64);

        if (i == 10)
            fds = clip_count_fds();
        peer_owns(f, "UTF8_STRING", bytes);
        g_assert_true(g_bytes_equal(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), bytes));
        clip_watcher_own(f->watcher, MVM_CLIP_TEXT, bytes);
        g_assert_true(clip_peer_paste(f->peer, f->watcher, "UTF8_STRING"));
    }
    g_assert_cmpuint(clip_count_fds(), ==, fds);
    g_assert_cmpuint(f->watcher->changed, ==, copies);
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/choice", test_choice);
    ADD("/receive/types", test_receive_types);
    ADD("/receive/best", test_receive_best);
    ADD("/receive/latin1", test_receive_latin1);
    ADD("/receive/marks", test_receive_marks);
    ADD("/receive/files", test_receive_files);
    ADD("/receive/secret-taken-over", test_secret_taken_over);
    ADD("/receive/mute-replaced", test_mute_replaced);
    ADD("/bytes/in", test_bytes_in);
    ADD("/bytes/out", test_bytes_out);
    ADD("/bytes/image", test_xclip_image);
    ADD("/incr/in", test_incr_in);
    ADD("/incr/out", test_incr_out);
    ADD("/incr/cap", test_cap);
    ADD("/own/targets", test_own_targets);
    ADD("/own/times", test_own_times);
    ADD("/own/multiple", test_own_multiple);
    ADD("/own/disowned", test_disowned);
    ADD("/own/promise", test_promise);
    ADD("/own/promise-broken", test_promise_broken);
    ADD("/own/save", test_save);
    ADD("/requestor/two", test_two_requestors);
    ADD("/requestor/stalls", test_requestor_stalls);
    ADD("/requestor/dies", test_requestor_dies);
    ADD("/owner/silent", test_owner_silent);
    ADD("/owner/mute", test_owner_mute);
    ADD("/owner/stopped", test_owner_stopped);
    ADD("/owner/replaced", test_owner_replaced);
    ADD("/owner/same-window", test_same_window);
    ADD("/owner/same-id", test_same_id);
    ADD("/owner/burst", test_burst);
    ADD("/owner/no-delay", test_no_delay);
    ADD("/owner/initial", test_initial);
    ADD("/server/dies", test_server_dies);
    ADD("/server/frozen", test_frozen_at_start);
    ADD("/server/fallback", test_fallback);
    ADD("/no-leak", test_no_leak);
    g_test_add_func("/server/none", test_no_server);
    return g_test_run();
}
