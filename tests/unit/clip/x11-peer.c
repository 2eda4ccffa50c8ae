/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "x11-peer.h"

#include <stdlib.h>
#include <string.h>

xcb_atom_t
clip_peer_atom(ClipPeer *peer, const char *name)
{
    xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(
        peer->conn, xcb_intern_atom(peer->conn, 0, (uint16_t)strlen(name), name), NULL);
    xcb_atom_t atom = XCB_NONE;

    g_assert_nonnull(reply);
    atom = reply->atom;
    free(reply);
    return atom;
}

static void
notify(ClipPeer *peer, const xcb_selection_request_event_t *request, xcb_atom_t property)
{
    xcb_selection_notify_event_t event = {
        .response_type = XCB_SELECTION_NOTIFY,
        .time = request->time,
        .requestor = request->requestor,
        .selection = request->selection,
        .target = request->target,
        .property = property,
    };
    char packet[32] = {0};

    memcpy(packet, &event, sizeof(event));
    xcb_send_event(peer->conn, 0, request->requestor, 0, packet);
}

#define REQUEST_MAX ((size_t)4 << 20) /* bytes: less than any server takes in one request */

/* Replaces the property, in as many requests as that needs. */
static void
write_property(ClipPeer *peer, xcb_window_t window, xcb_atom_t property, xcb_atom_t type,
               uint8_t bits, size_t n, const void *data)
{
    size_t first = bits == 8 ? MIN(n, REQUEST_MAX) : n;

    xcb_change_property(peer->conn, XCB_PROP_MODE_REPLACE, window, property, type, bits,
                        (uint32_t)first, data);
    for (size_t at = first; at < n; at += REQUEST_MAX)
        xcb_change_property(peer->conn, XCB_PROP_MODE_APPEND, window, property, type, bits,
                            (uint32_t)MIN(n - at, REQUEST_MAX), (const char *)data + at);
}

static void
begin_incr(ClipPeer *peer, const xcb_selection_request_event_t *request, xcb_atom_t type,
           GBytes *bytes)
{
    const uint32_t events = XCB_EVENT_MASK_PROPERTY_CHANGE;
    uint32_t size = peer->announce != 0 ? peer->announce : (uint32_t)g_bytes_get_size(bytes);

    g_clear_pointer(&peer->out.bytes, g_bytes_unref);
    peer->out.requestor = request->requestor;
    peer->out.property = request->property;
    peer->out.type = type;
    peer->out.bytes = g_bytes_ref(bytes);
    peer->out.sent = 0;
    xcb_change_window_attributes(peer->conn, request->requestor, XCB_CW_EVENT_MASK, &events);
    write_property(peer, request->requestor, request->property, clip_peer_atom(peer, "INCR"), 32, 1,
                   &size);
}

static void
answer_targets(ClipPeer *peer, const xcb_selection_request_event_t *request)
{
    g_autoptr(GArray) targets = g_array_new(FALSE, FALSE, sizeof(xcb_atom_t));
    GHashTableIter iter;
    void *key = NULL;

    if (peer->list != NULL) {
        write_property(peer, request->requestor, request->property, XCB_ATOM_ATOM, peer->list_bits,
                       g_bytes_get_size(peer->list) * 8 / peer->list_bits,
                       g_bytes_get_data(peer->list, NULL));
        return;
    }
    g_array_append_val(targets, request->target);
    g_hash_table_iter_init(&iter, peer->data);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        xcb_atom_t atom = GPOINTER_TO_UINT(key);

        g_array_append_val(targets, atom);
    }
    write_property(peer, request->requestor, request->property, XCB_ATOM_ATOM, 32, targets->len,
                   targets->data);
}

static void
answer(ClipPeer *peer, const xcb_selection_request_event_t *request)
{
    GBytes *bytes = g_hash_table_lookup(peer->data, GUINT_TO_POINTER(request->target));
    xcb_atom_t type = peer->latin1_type ? XCB_ATOM_STRING : request->target;

    peer->asked++;
    if (peer->manager && request->target == clip_peer_atom(peer, "SAVE_TARGETS")) {
        peer->client = request->requestor;
        peer->saves++;
        write_property(peer, request->requestor, request->property, clip_peer_atom(peer, "NULL"),
                       32, 0, NULL);
        notify(peer, request, request->property);
        return;
    }
    if (peer->silent || (peer->only != XCB_NONE && peer->only != request->target))
        return;
    if (request->target == clip_peer_atom(peer, "TARGETS")) {
        answer_targets(peer, request);
    } else if (bytes == NULL) {
        notify(peer, request, XCB_NONE);
        return;
    } else if (g_bytes_get_size(bytes) > peer->chunk) {
        begin_incr(peer, request, type, bytes);
    } else {
        write_property(peer, request->requestor, request->property, type, 8,
                       g_bytes_get_size(bytes), g_bytes_get_data(bytes, NULL));
    }
    notify(peer, request, request->property);
}

static void
send_piece(ClipPeer *peer)
{
    size_t size = 0;
    const char *data = g_bytes_get_data(peer->out.bytes, &size);
    size_t piece = MIN(size - peer->out.sent, peer->chunk);

    if (peer->pieces == 0)
        return;
    peer->pieces--;
    write_property(peer, peer->out.requestor, peer->out.property, peer->out.type, 8, piece,
                   data + peer->out.sent);
    peer->out.sent += piece;
    if (piece == 0)
        g_clear_pointer(&peer->out.bytes, g_bytes_unref);
}

/* Reads the property whole and deletes it; false when it is not there. */
static bool
collect(ClipPeer *peer, xcb_atom_t *ret_type, size_t *ret_size)
{
    xcb_get_property_reply_t *reply =
        xcb_get_property_reply(peer->conn,
                               xcb_get_property(peer->conn, 1, peer->window, peer->property,
                                                XCB_GET_PROPERTY_TYPE_ANY, 0, UINT32_MAX / 4),
                               NULL);
    bool there = false;

    g_assert_nonnull(reply);
    there = reply->type != XCB_NONE;
    *ret_type = reply->type;
    *ret_size = (size_t)xcb_get_property_value_length(reply);
    if (there && reply->type != clip_peer_atom(peer, "INCR"))
        g_byte_array_append(peer->in, xcb_get_property_value(reply), (unsigned)*ret_size);
    free(reply);
    return there;
}

static void
receive_first(ClipPeer *peer, const xcb_selection_notify_event_t *event)
{
    size_t size = 0;

    peer->answered++;
    peer->refused = event->property == XCB_NONE;
    if (peer->refused) {
        peer->done = true;
        return;
    }
    g_assert_cmpuint(event->property, ==, peer->property);
    if (peer->stall)
        return;
    g_assert_true(collect(peer, &peer->type, &size));
    peer->incremental = peer->type == clip_peer_atom(peer, "INCR");
    peer->done = !peer->incremental;
}

static void
receive_piece(ClipPeer *peer)
{
    size_t size = 0;

    if (collect(peer, &peer->type, &size) && size == 0) {
        peer->incremental = false;
        peer->done = true;
    }
}

static void
property_event(ClipPeer *peer, const xcb_property_notify_event_t *event)
{
    if (event->state == XCB_PROPERTY_DELETE && peer->out.bytes != NULL &&
        event->window == peer->out.requestor && event->atom == peer->out.property)
        send_piece(peer);
    if (event->state == XCB_PROPERTY_NEW_VALUE && event->window == peer->window &&
        peer->incremental && event->atom == peer->property)
        receive_piece(peer);
}

static void
peer_step(void *data)
{
    ClipPeer *peer = data;
    xcb_generic_event_t *event = NULL;

    while ((event = xcb_poll_for_event(peer->conn)) != NULL) {
        switch (event->response_type & 0x7f) {
        case XCB_SELECTION_REQUEST:
            answer(peer, (xcb_selection_request_event_t *)event);
            break;
        case XCB_SELECTION_CLEAR:
            peer->cleared++;
            break;
        case XCB_SELECTION_NOTIFY:
            receive_first(peer, (xcb_selection_notify_event_t *)event);
            break;
        case XCB_PROPERTY_NOTIFY:
            property_event(peer, (xcb_property_notify_event_t *)event);
            break;
        default:
            break;
        }
        free(event);
    }
    xcb_flush(peer->conn);
}

static void
create_window(ClipPeer *peer)
{
    const uint32_t events = XCB_EVENT_MASK_PROPERTY_CHANGE;

    peer->window = xcb_generate_id(peer->conn);
    xcb_create_window(peer->conn, XCB_COPY_FROM_PARENT, peer->window,
                      xcb_setup_roots_iterator(xcb_get_setup(peer->conn)).data->root, 0, 0, 1, 1, 0,
                      XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT, XCB_CW_EVENT_MASK,
                      &events);
}

ClipPeer *
clip_peer_new(const ClipServer *server)
{
    ClipPeer *peer = g_new0(ClipPeer, 1);

    peer->conn = xcb_connect(server->name, NULL);
    g_assert_cmpint(xcb_connection_has_error(peer->conn), ==, 0);
    create_window(peer);
    peer->data = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_bytes_unref);
    peer->in = g_byte_array_new();
    peer->chunk = 100000;
    peer->pieces = UINT32_MAX;
    clip_step_add(peer_step, peer);
    return peer;
}

void
clip_peer_free(ClipPeer *peer)
{
    clip_step_remove(peer);
    xcb_disconnect(peer->conn);
    g_hash_table_unref(peer->data);
    g_byte_array_unref(peer->in);
    g_clear_pointer(&peer->out.bytes, g_bytes_unref);
    g_free(peer);
}

void
clip_peer_set(ClipPeer *peer, const char *target, GBytes *bytes)
{
    g_hash_table_insert(peer->data, GUINT_TO_POINTER(clip_peer_atom(peer, target)),
                        g_bytes_ref(bytes));
}

void
clip_peer_set_text(ClipPeer *peer, const char *target, const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

    clip_peer_set(peer, target, bytes);
}

xcb_timestamp_t
clip_peer_time(ClipPeer *peer)
{
    xcb_atom_t atom = clip_peer_atom(peer, "PEER_TIME");
    xcb_generic_event_t *event = NULL;
    xcb_timestamp_t time = 0;

    xcb_change_property(peer->conn, XCB_PROP_MODE_APPEND, peer->window, atom, XCB_ATOM_INTEGER, 32,
                        0, NULL);
    xcb_flush(peer->conn);
    while (time == 0) {
        event = xcb_wait_for_event(peer->conn);
        g_assert_nonnull(event);
        if ((event->response_type & 0x7f) == XCB_PROPERTY_NOTIFY &&
            ((xcb_property_notify_event_t *)event)->atom == atom)
            time = ((xcb_property_notify_event_t *)event)->time;
        free(event);
    }
    return time;
}

void
clip_peer_own(ClipPeer *peer, bool current_time)
{
    xcb_set_selection_owner(peer->conn, peer->window, clip_peer_atom(peer, "CLIPBOARD"),
                            current_time ? XCB_CURRENT_TIME : clip_peer_time(peer));
    xcb_flush(peer->conn);
}

void
clip_peer_manage(ClipPeer *peer)
{
    peer->manager = true;
    xcb_set_selection_owner(peer->conn, peer->window, clip_peer_atom(peer, "CLIPBOARD_MANAGER"),
                            XCB_CURRENT_TIME);
    xcb_flush(peer->conn);
}

void
clip_peer_convert_at(ClipPeer *peer, const char *target, xcb_timestamp_t time)
{
    xcb_atom_t atom = clip_peer_atom(peer, target);

    g_byte_array_set_size(peer->in, 0);
    peer->done = peer->refused = peer->incremental = false;
    peer->property = atom;
    xcb_convert_selection(peer->conn, peer->window, clip_peer_atom(peer, "CLIPBOARD"), atom,
                          peer->property, time);
    xcb_flush(peer->conn);
}

void
clip_peer_convert(ClipPeer *peer, const char *target)
{
    clip_peer_convert_at(peer, target, XCB_CURRENT_TIME);
}

bool
clip_peer_paste(ClipPeer *peer, ClipWatcher *watcher, const char *target)
{
    clip_peer_convert(peer, target);
    CLIP_WAIT(watcher, peer->done);
    return !peer->refused;
}
