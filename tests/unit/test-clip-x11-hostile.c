/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The X11 backend beside clients that mean ill: whatever they do, others can copy and paste. */
#include "clip/watcher.h"
#include "clip/x11-peer.h"

#include <stdlib.h>
#include <string.h>
#include <xcb/xfixes.h>

#define KIB ((size_t)1024)
#define MIB (KIB * 1024)

typedef struct {
    ClipServer *server;
    ClipWatcher *watcher;
    ClipPeer *peer; /* means ill */
    ClipPeer *good;
} Fixture;

static void
set_up(Fixture *f, gconstpointer data)
{
    f->server = clip_xvfb_new();
    if (f->server == NULL)
        return;
    f->watcher = clip_watcher_new(&(MvmClipDisplay){.wayland = "", .x11 = f->server->name});
    f->peer = clip_peer_new(f->server);
    f->good = clip_peer_new(f->server);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
    g_clear_pointer(&f->peer, clip_peer_free);
    g_clear_pointer(&f->good, clip_peer_free);
    g_clear_pointer(&f->watcher, clip_watcher_free);
    g_clear_pointer(&f->server, clip_server_free);
}

/* A copy of somebody else's is read, and one of ours is pasted. */
static void
assert_works(Fixture *f)
{
    g_autoptr(GBytes) theirs = clip_ascii_bytes(1000);
    g_autoptr(GBytes) ours = clip_ascii_bytes(2000);
    unsigned before = f->watcher->changed;

    clip_peer_set(f->good, "UTF8_STRING", theirs);
    clip_peer_own(f->good, false);
    CLIP_WAIT(f->watcher, f->watcher->changed > before &&
                              f->watcher->offer.types == MVM_CLIP_BIT(MVM_CLIP_TEXT));
    g_assert_true(g_bytes_equal(clip_watcher_read(f->watcher, MVM_CLIP_TEXT), theirs));
    clip_watcher_own(f->watcher, MVM_CLIP_TEXT, ours);
    g_assert_true(clip_peer_paste(f->good, f->watcher, "UTF8_STRING"));
    g_assert_cmpuint(f->good->in->len, ==, 2000);
    g_assert_cmpuint(f->watcher->lost, ==, 0);
}

static xcb_window_t
owner_of_clipboard(ClipPeer *peer)
{
    xcb_get_selection_owner_reply_t *reply = xcb_get_selection_owner_reply(
        peer->conn, xcb_get_selection_owner(peer->conn, clip_peer_atom(peer, "CLIPBOARD")), NULL);
    xcb_window_t owner = reply->owner;

    free(reply);
    return owner;
}

static void
own_text_and_picture(Fixture *f)
{
    g_autoptr(MvmClipContent) content = mvm_clip_content_new("test-origin", false);
    g_autoptr(GBytes) text = clip_ascii_bytes(100);
    g_autoptr(GBytes) picture = clip_random_bytes(1 * MIB, 1);
    unsigned before = f->watcher->owned;

    g_assert_true(mvm_clip_content_set(content, MVM_CLIP_TEXT, text, NULL));
    g_assert_true(mvm_clip_content_set(content, MVM_CLIP_PNG, picture, NULL));
    mvm_clip_backend_own(f->watcher->backend, content, 0);
    CLIP_WAIT(f->watcher, f->watcher->owned > before);
}

/* Anybody may name any window as the one that asks: also the backend's own. The second request into
 * the same property ends the first one's transfer. */
static void
test_own_window(Fixture *f, gconstpointer data)
{
    xcb_connection_t *conn = NULL;
    xcb_window_t window = 0;
    xcb_atom_t clipboard = 0;

    if (f->server == NULL)
        return;
    conn = f->peer->conn;
    clipboard = clip_peer_atom(f->peer, "CLIPBOARD");
    own_text_and_picture(f);
    window = owner_of_clipboard(f->peer);
    xcb_convert_selection(conn, window, clipboard, clip_peer_atom(f->peer, "image/png"),
                          clip_peer_atom(f->peer, "PROPERTY"), XCB_CURRENT_TIME);
    xcb_convert_selection(conn, window, clipboard, clip_peer_atom(f->peer, "UTF8_STRING"),
                          clip_peer_atom(f->peer, "PROPERTY"), XCB_CURRENT_TIME);
    xcb_flush(conn);
    clip_watcher_idle(f->watcher, 100);
    assert_works(f);
}

static void
forge(Fixture *f, xcb_window_t window, const void *event, size_t size)
{
    char packet[32] = {0};

    memcpy(packet, event, size);
    xcb_send_event(f->peer->conn, 0, window, XCB_EVENT_MASK_NO_EVENT, packet);
    xcb_flush(f->peer->conn);
}

/* What only a server tells is not believed when a client says it. */
static void
test_forged(Fixture *f, gconstpointer data)
{
    xcb_window_t window = 0;
    uint8_t first = 0;

    if (f->server == NULL)
        return;
    own_text_and_picture(f);
    window = owner_of_clipboard(f->peer);
    first = xcb_get_extension_data(f->peer->conn, &xcb_xfixes_id)->first_event;
    {
        const xcb_selection_clear_event_t clear = {
            .response_type = XCB_SELECTION_CLEAR,
            .time = clip_peer_time(f->peer) + 1000,
            .owner = window,
            .selection = clip_peer_atom(f->peer, "CLIPBOARD"),
        };
        const xcb_xfixes_selection_notify_event_t emptied = {
            .response_type = (uint8_t)(first + XCB_XFIXES_SELECTION_NOTIFY),
            .subtype = XCB_XFIXES_SELECTION_EVENT_SET_SELECTION_OWNER,
            .window = window,
            .selection = clip_peer_atom(f->peer, "CLIPBOARD"),
            .timestamp = clip_peer_time(f->peer),
        };
        const xcb_selection_request_event_t request = {
            .response_type = XCB_SELECTION_REQUEST,
            .owner = window,
            .requestor = UINT32_MAX,
            .selection = clip_peer_atom(f->peer, "CLIPBOARD"),
            .target = UINT32_MAX,
            .property = UINT32_MAX,
        };

        forge(f, window, &clear, sizeof(clear));
        forge(f, window, &emptied, sizeof(emptied));
        forge(f, window, &request, sizeof(request));
    }
    clip_watcher_idle(f->watcher, 100);
    g_assert_cmpuint(f->watcher->disowned, ==, 0);
    g_assert_cmpuint(f->watcher->changed, ==, 0);
    g_assert_true(clip_peer_paste(f->good, f->watcher, "UTF8_STRING"));
    g_assert_cmpuint(f->good->in->len, ==, 100);
    assert_works(f);
}

/* Those who ask for much and then do nothing give way to one who takes it. */
static void
test_many_stall(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = clip_random_bytes(1 * MIB, 2);
    ClipPeer *idle[40];

    if (f->server == NULL)
        return;
    clip_watcher_own(f->watcher, MVM_CLIP_PNG, bytes);
    for (size_t i = 0; i < G_N_ELEMENTS(idle); i++) {
        idle[i] = clip_peer_new(f->server);
        idle[i]->stall = true;
        clip_peer_convert(idle[i], "image/png");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(idle); i++)
        CLIP_WAIT(f->watcher, idle[i]->answered == 1);
    g_assert_cmpuint(mvm_clip_backend_get_stats(f->watcher->backend)->transfers, <=, 32);
    clip_watcher_idle(f->watcher, 1100);
    g_assert_true(clip_peer_paste(f->good, f->watcher, "image/png"));
    g_assert_cmpmem(f->good->in->data, f->good->in->len, g_bytes_get_data(bytes, NULL), 1 * MIB);
    for (size_t i = 0; i < G_N_ELEMENTS(idle); i++)
        clip_peer_free(idle[i]);
    assert_works(f);
}

/* A thousand questions in one breath, each to a window of its own: all are answered. */
static void
test_thousand(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = clip_ascii_bytes(100);
    const MvmClipStats *stats = NULL;
    xcb_connection_t *conn = NULL;

    if (f->server == NULL)
        return;
    conn = f->peer->conn;
    f->peer->stall = true;
    f->peer->property = clip_peer_atom(f->peer, "UTF8_STRING");
    clip_watcher_own(f->watcher, MVM_CLIP_TEXT, bytes);
    stats = mvm_clip_backend_get_stats(f->watcher->backend);
    for (int i = 0; i < 1000; i++) {
        xcb_window_t window = xcb_generate_id(conn);

        xcb_create_window(conn, XCB_COPY_FROM_PARENT, window,
                          xcb_setup_roots_iterator(xcb_get_setup(conn)).data->root, 0, 0, 1, 1, 0,
                          XCB_WINDOW_CLASS_INPUT_ONLY, XCB_COPY_FROM_PARENT, 0, NULL);
        xcb_convert_selection(conn, window, clip_peer_atom(f->peer, "CLIPBOARD"),
                              clip_peer_atom(f->peer, "UTF8_STRING"),
                              clip_peer_atom(f->peer, "UTF8_STRING"), XCB_CURRENT_TIME);
    }
    xcb_flush(conn);
    CLIP_WAIT(f->watcher, stats->served >= 1000);
    assert_works(f);
}

/* Lists of MULTIPLE that are none, are too long, or ask for all at once. */
static void
test_multiple(Fixture *f, gconstpointer data)
{
    static const struct {
        unsigned n;
        uint8_t bits;
        bool answered;
    } lists[] = {{0, 32, false},   {1, 32, false},     {7, 32, false}, {128, 32, true},
                 {130, 32, false}, {50000, 32, false}, {8, 8, false},  {8, 16, false}};
    g_autofree xcb_atom_t *atoms = g_new(xcb_atom_t, 50000);
    xcb_atom_t multiple = 0;

    if (f->server == NULL)
        return;
    own_text_and_picture(f);
    multiple = clip_peer_atom(f->peer, "MULTIPLE");
    for (unsigned i = 0; i < 50000; i += 2) {
        atoms[i] = i % 4 == 0 ? clip_peer_atom(f->peer, "image/png") : UINT32_MAX - i;
        atoms[i + 1] = UINT32_MAX;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        xcb_change_property(f->peer->conn, XCB_PROP_MODE_REPLACE, f->peer->window, multiple,
                            clip_peer_atom(f->peer, "ATOM_PAIR"), lists[i].bits, lists[i].n, atoms);
        g_assert_cmpint(clip_peer_paste(f->peer, f->watcher, "MULTIPLE"), ==, lists[i].answered);
    }
    assert_works(f);
}

/* Lists of targets that are none, or never end. */
static void
test_targets(Fixture *f, gconstpointer data)
{
    static const struct {
        size_t size;
        uint8_t bits;
    } lists[] = {{0, 32}, {3, 8}, {4000, 8}, {4000, 16}, {4000, 32}, {4000000, 32}, {4000000, 8}};

    for (size_t i = 0; f->server != NULL && i < G_N_ELEMENTS(lists); i++) {
        g_autoptr(GBytes) list = clip_random_bytes(lists[i].size, (uint32_t)i);
        unsigned before = f->watcher->changed;

        f->peer->list = list;
        f->peer->list_bits = lists[i].bits;
        clip_peer_own(f->peer, i % 2 == 0);
        CLIP_WAIT(f->watcher, f->watcher->changed > before);
        g_assert_cmpuint(f->watcher->offer.types, ==, 0);
        assert_works(f);
    }
}

/* An owner that announces little and never ends, one that announces 4 GiB, one that dies between
 * two pieces. */
static void
test_endless(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) bytes = clip_ascii_bytes(20 * MIB);
    static const uint32_t announced[] = {1, UINT32_MAX, 1};

    for (size_t i = 0; f->server != NULL && i < G_N_ELEMENTS(announced); i++) {
        ClipPeer *owner = clip_peer_new(f->server);
        unsigned before = f->watcher->changed, reads = f->watcher->reads;

        owner->announce = announced[i];
        owner->pieces = i == 2 ? 3 : UINT32_MAX;
        clip_peer_set(owner, "UTF8_STRING", bytes);
        clip_peer_own(owner, false);
        CLIP_WAIT(f->watcher, f->watcher->changed > before);
        clip_watcher_start_read(f->watcher, MVM_CLIP_TEXT, 5000);
        if (i == 2)
            CLIP_WAIT(f->watcher, owner->pieces == 0);
        else
            CLIP_WAIT(f->watcher, f->watcher->reads > reads);
        clip_peer_free(owner);
        CLIP_WAIT(f->watcher, f->watcher->reads > reads);
        g_assert_null(f->watcher->bytes);
        assert_works(f);
    }
}

/* Owners that change faster than anybody can look: the last one is seen, and nothing is kept. */
static void
test_storm(Fixture *f, gconstpointer data)
{
    const MvmClipStats *stats = NULL;
    xcb_connection_t *conn = NULL;
    xcb_atom_t clipboard = 0;
    unsigned fds = 0;

    if (f->server == NULL)
        return;
    conn = f->peer->conn;
    clipboard = clip_peer_atom(f->peer, "CLIPBOARD");
    clip_peer_set_text(f->peer, "UTF8_STRING", "x");
    stats = mvm_clip_backend_get_stats(f->watcher->backend);
    assert_works(f);
    fds = clip_count_fds();
    for (int i = 0; i < 3000; i++) {
        xcb_set_selection_owner(conn, i % 3 == 0 ? XCB_NONE : f->peer->window, clipboard,
                                XCB_CURRENT_TIME);
        if (i % 5 == 0) {
            xcb_flush(conn);
            clip_step(f->watcher);
        }
    }
    CLIP_WAIT(f->watcher, stats->changes >= 3000);
    assert_works(f);
    g_assert_cmpuint(clip_count_fds(), ==, fds);
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/own-window", test_own_window);
    ADD("/forged", test_forged);
    ADD("/many-stall", test_many_stall);
    ADD("/thousand", test_thousand);
    ADD("/multiple", test_multiple);
    ADD("/targets", test_targets);
    ADD("/endless", test_endless);
    ADD("/storm", test_storm);
    return g_test_run();
}
