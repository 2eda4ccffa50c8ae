/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/x11-private.h"
#include "util/error.h"

#include <stdlib.h>
#include <string.h>
#include <xcb/xcbext.h>

#define CHUNK ((size_t)256 * 1024)
#define REQUEST_SIZE 64 /* bytes: more than a ChangeProperty has before its data */

typedef struct {
    unsigned sequence;
    MvmX11ReplyFunc func;
    void *data; /* borrowed */
} PendingReply;

typedef struct {
    GSource base;
    MvmClipX11 *x11; /* borrowed: it destroys the source before itself */
    void *tag;
    xcb_generic_event_t *peeked; /* owned: found by prepare() */
} X11Source;

static const char *const atom_names[ATOM_COUNT] = {
    [ATOM_CLIPBOARD] = "CLIPBOARD",
    [ATOM_CLIPBOARD_MANAGER] = "CLIPBOARD_MANAGER",
    [ATOM_TARGETS] = "TARGETS",
    [ATOM_TIMESTAMP] = "TIMESTAMP",
    [ATOM_MULTIPLE] = "MULTIPLE",
    [ATOM_ATOM_PAIR] = "ATOM_PAIR",
    [ATOM_SAVE_TARGETS] = "SAVE_TARGETS",
    [ATOM_INCR] = "INCR",
    [ATOM_NULL] = "NULL",
    [ATOM_ORIGIN] = MVM_CLIP_ORIGIN_FORMAT,
    [ATOM_SECRET] = MVM_CLIP_SECRET_FORMAT,
    [ATOM_UTF8_STRING] = "UTF8_STRING",
    [ATOM_PROPERTY] = "MACVM_CLIPBOARD",
    [ATOM_STAMP] = "MACVM_TIME",
};

void
mvm_x11_expect(MvmClipX11 *x11, unsigned sequence, MvmX11ReplyFunc func, void *data)
{
    PendingReply *pending = g_new(PendingReply, 1);

    *pending = (PendingReply){.sequence = sequence, .func = func, .data = data};
    g_queue_push_tail(&x11->replies, pending);
}

void
mvm_x11_forget(MvmClipX11 *x11, const void *data)
{
    for (GList *at = x11->replies.head, *next = NULL; at != NULL; at = next) {
        PendingReply *pending = at->data;

        next = at->next;
        if (pending->data != data)
            continue;
        xcb_discard_reply(x11->conn, pending->sequence);
        g_queue_delete_link(&x11->replies, at);
        g_free(pending);
    }
}

/* Nobody waits for a reply any more: they are told that there is none. */
static void
forget_all(MvmClipX11 *x11)
{
    PendingReply *pending = NULL;

    while ((pending = g_queue_pop_head(&x11->replies)) != NULL) {
        xcb_discard_reply(x11->conn, pending->sequence);
        pending->func(x11, NULL, pending->data);
        g_free(pending);
    }
}

void
mvm_x11_want_stamp(MvmClipX11 *x11, unsigned who)
{
    /* Appending nothing changes nothing, but the event that tells of it carries the time. */
    if (x11->stamp_wanted == 0)
        xcb_change_property(x11->conn, XCB_PROP_MODE_APPEND, x11->window, x11->atoms[ATOM_STAMP],
                            XCB_ATOM_INTEGER, 32, 0, NULL);
    x11->stamp_wanted |= who;
}

static void
stamp(MvmClipX11 *x11, xcb_timestamp_t time)
{
    unsigned wanted = x11->stamp_wanted;

    x11->stamp_wanted = 0;
    if ((wanted & STAMP_WATCH) != 0)
        mvm_x11_watch_stamp(x11, time);
    if ((wanted & STAMP_OWN) != 0)
        mvm_x11_own_stamp(x11, time);
    if ((wanted & STAMP_SAVE) != 0)
        mvm_x11_save_stamp(x11, time);
}

static void
property_event(MvmClipX11 *x11, const xcb_property_notify_event_t *event)
{
    if (event->window == x11->window) {
        if (event->atom == x11->atoms[ATOM_STAMP])
            stamp(x11, event->time);
    } else if (event->window == x11->reader) {
        mvm_x11_convert_property(x11, event);
    } else {
        mvm_x11_send_property(x11, event);
    }
}

static void
selection_notify(MvmClipX11 *x11, const xcb_selection_notify_event_t *event)
{
    if (event->selection == x11->atoms[ATOM_CLIPBOARD_MANAGER])
        mvm_x11_save_end(x11, event->property != XCB_NONE);
    else
        mvm_x11_convert_notify(x11, event);
}

static void
handle_event(MvmClipX11 *x11, const xcb_generic_event_t *event)
{
    unsigned type = event->response_type & 0x7f; /* the high bit marks what a client sent */

    /* Of all that comes here, SelectionNotify alone is a client's to send. */
    if (type != event->response_type && type != XCB_SELECTION_NOTIFY)
        return;
    if (type == x11->xfixes_event + XCB_XFIXES_SELECTION_NOTIFY) {
        mvm_x11_watch_event(x11, (const xcb_xfixes_selection_notify_event_t *)event);
        return;
    }
    switch (type) {
    case 0: /* an error: only a requestor's window can be wrong */
        mvm_x11_send_gone(x11, ((const xcb_generic_error_t *)event)->resource_id);
        break;
    case XCB_PROPERTY_NOTIFY:
        property_event(x11, (const xcb_property_notify_event_t *)event);
        break;
    case XCB_DESTROY_NOTIFY:
        mvm_x11_send_gone(x11, ((const xcb_destroy_notify_event_t *)event)->window);
        break;
    case XCB_SELECTION_NOTIFY:
        selection_notify(x11, (const xcb_selection_notify_event_t *)event);
        break;
    case XCB_SELECTION_REQUEST:
        mvm_x11_serve_request(x11, (const xcb_selection_request_event_t *)event);
        break;
    case XCB_SELECTION_CLEAR:
        mvm_x11_own_cleared(x11, (const xcb_selection_clear_event_t *)event);
        break;
    default:
        break;
    }
}

/* Takes the oldest reply, when it is there: false when there is none yet. */
static bool
handle_reply(MvmClipX11 *x11)
{
    PendingReply *pending = g_queue_peek_head(&x11->replies);
    xcb_generic_error_t *failure = NULL;
    void *reply = NULL;

    if (pending == NULL || xcb_poll_for_reply(x11->conn, pending->sequence, &reply, &failure) == 0)
        return false;
    g_queue_pop_head(&x11->replies);
    pending->func(x11, reply, pending->data);
    g_free(pending);
    free(failure);
    free(reply);
    return true;
}

static gboolean
source_prepare(GSource *base, int *timeout)
{
    X11Source *source = (X11Source *)base;
    MvmClipX11 *x11 = source->x11;

    *timeout = -1;
    /* Flushing reads as well when the server wants to write first: look at what came in. */
    xcb_flush(x11->conn);
    if (source->peeked == NULL)
        source->peeked = xcb_poll_for_queued_event(x11->conn);
    return source->peeked != NULL || xcb_connection_has_error(x11->conn) != 0;
}

static gboolean
source_check(GSource *base)
{
    return g_source_query_unix_fd(base, ((X11Source *)base)->tag) != 0;
}

/* Events and replies until there is neither. What came in first is not known, so every state
 * machine here holds in either order. */
static void
drain(X11Source *source)
{
    MvmClipX11 *x11 = source->x11;
    bool more = true;

    while (more) {
        xcb_generic_event_t *event = g_steal_pointer(&source->peeked);

        if (event == NULL)
            event = xcb_poll_for_event(x11->conn);
        if (event != NULL)
            handle_event(x11, event);
        more = event != NULL;
        free(event);
        while (handle_reply(x11))
            more = true;
    }
}

static gboolean
source_dispatch(GSource *base, GSourceFunc func, void *data)
{
    X11Source *source = (X11Source *)base;
    MvmClipX11 *x11 = source->x11;

    drain(source);
    if (xcb_connection_has_error(x11->conn) == 0)
        return G_SOURCE_CONTINUE;
    mvm_clip_reads_cancel(&x11->reads);
    mvm_x11_save_end(x11, false);
    mvm_clip_backend_lose(
        &x11->base,
        g_error_new(MVM_ERROR, MVM_ERROR_HOST, "cannot use 'the clipboard': the X server is gone"));
    return G_SOURCE_REMOVE;
}

static void
source_finalize(GSource *base)
{
    free(((X11Source *)base)->peeked);
}

static GSourceFuncs source_funcs = {
    .prepare = source_prepare,
    .check = source_check,
    .dispatch = source_dispatch,
    .finalize = source_finalize,
};

static void
attach_source(MvmClipX11 *x11)
{
    X11Source *source = NULL;

    x11->source = g_source_new(&source_funcs, sizeof(X11Source));
    source = (X11Source *)x11->source;
    source->x11 = x11;
    source->tag = g_source_add_unix_fd(x11->source, xcb_get_file_descriptor(x11->conn),
                                       G_IO_IN | G_IO_HUP | G_IO_ERR);
    g_source_attach(x11->source, x11->base.context);
}

/* The name of the n-th atom, and where it is kept; NULL behind the last. */
static const char *
atom_place(MvmClipX11 *x11, size_t n, xcb_atom_t **ret_place)
{
    if (n < ATOM_COUNT) {
        *ret_place = &x11->atoms[n];
        return atom_names[n];
    }
    n -= ATOM_COUNT;
    if (n < MVM_CLIP_FORMAT_COUNT) {
        *ret_place = &x11->formats[n];
        return mvm_clip_formats[n].name;
    }
    n -= MVM_CLIP_FORMAT_COUNT;
    *ret_place = n < MVM_CLIP_FILES_COUNT ? &x11->files[n] : NULL;
    return n < MVM_CLIP_FILES_COUNT ? mvm_clip_files[n] : NULL;
}

/* Waits for the server, as only what runs at creation may. */
static bool
intern_atoms(MvmClipX11 *x11)
{
    xcb_intern_atom_cookie_t cookies[ATOM_COUNT + MVM_CLIP_FORMAT_COUNT + MVM_CLIP_FILES_COUNT];
    xcb_atom_t *place = NULL;
    const char *name = NULL;
    bool interned = true;

    for (size_t i = 0; (name = atom_place(x11, i, &place)) != NULL; i++)
        cookies[i] = xcb_intern_atom(x11->conn, 0, (uint16_t)strlen(name), name);
    for (size_t i = 0; atom_place(x11, i, &place) != NULL; i++) {
        xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(x11->conn, cookies[i], NULL);

        interned = interned && reply != NULL;
        if (reply != NULL)
            *place = reply->atom;
        free(reply);
    }
    return interned;
}

static void
create_window(MvmClipX11 *x11, int screen)
{
    xcb_screen_iterator_t at = xcb_setup_roots_iterator(xcb_get_setup(x11->conn));
    const uint32_t events = XCB_EVENT_MASK_PROPERTY_CHANGE;

    for (; screen > 0 && at.rem > 1; screen--)
        xcb_screen_next(&at);
    x11->window = xcb_generate_id(x11->conn);
    x11->root = at.data->root;
    xcb_create_window(x11->conn, XCB_COPY_FROM_PARENT, x11->window, x11->root, -1, -1, 1, 1, 0,
                      XCB_WINDOW_CLASS_INPUT_ONLY, XCB_COPY_FROM_PARENT, XCB_CW_EVENT_MASK,
                      &events);
}

static void
x11_read(MvmClipBackend *backend, uint64_t generation, MvmClipType type, unsigned silence_ms,
         MvmClipReadFunc done, void *data)
{
    mvm_clip_reads_push(&((MvmClipX11 *)backend)->reads, generation, type, silence_ms, done, data);
}

static void
x11_free(MvmClipBackend *backend)
{
    MvmClipX11 *x11 = (MvmClipX11 *)backend;

    mvm_x11_watch_end(x11);
    mvm_x11_own_end(x11);
    forget_all(x11);
    mvm_x11_send_end(x11);
    if (x11->source != NULL) {
        g_source_destroy(x11->source);
        g_source_unref(x11->source);
    }
    xcb_flush(x11->conn);
    xcb_disconnect(x11->conn);
    mvm_clip_backend_clear(backend);
    g_free(x11);
}

static const MvmClipBackendOps ops = {
    .name = "x11",
    .free = x11_free,
    .read = x11_read,
    .own = mvm_x11_own,
    .provide = mvm_x11_provide,
    .release = mvm_x11_release,
    .save = mvm_x11_save,
};

MvmClipBackend *
mvm_clip_x11_new(const char *display, GMainContext *context, const MvmClipCallbacks *callbacks,
                 void *data, GError **error)
{
    int screen = 0;
    xcb_connection_t *conn = mvm_x11_connect(display, &screen);
    MvmClipX11 *x11 = NULL;

    if (conn == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                    "cannot open 'the X display %s': its server does not answer", display);
        return NULL;
    }
    if (xcb_connection_has_error(conn) != 0) {
        xcb_disconnect(conn);
        g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                    "cannot open 'the X display %s': no server lets us in", display);
        mvm_error_set_hint(error, "is DISPLAY right, and may this user connect (xauth)?");
        return NULL;
    }
    x11 = g_new0(MvmClipX11, 1);
    mvm_clip_backend_init(&x11->base, &ops, context, callbacks, data);
    x11->conn = conn;
    x11->transfers = g_ptr_array_new();
    xcb_prefetch_maximum_request_length(conn);
    create_window(x11, screen);
    if (!intern_atoms(x11) || !mvm_x11_watch_begin(x11, error)) {
        if (error != NULL && *error == NULL)
            g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                        "cannot open 'the X display %s': the server went away", display);
        mvm_clip_backend_free(&x11->base);
        return NULL;
    }
    x11->chunk = MIN(CHUNK, (size_t)xcb_get_maximum_request_length(conn) * 4 - REQUEST_SIZE);
    attach_source(x11);
    return &x11->base;
}
