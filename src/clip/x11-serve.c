/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/x11-private.h"

#include <string.h>

#define REQUESTS_MAX 128 /* that wait for a promised type or a property */
#define PAIRS_MAX 64     /* of one MULTIPLE */

/* One MULTIPLE: answered when each of its pairs is. */
typedef struct {
    unsigned open;
    xcb_atom_t *pairs; /* owned: target, property, target, property, … */
    unsigned n_pairs;
} Multiple;

typedef struct Request Request;
struct Request {
    MvmClipX11 *x11;
    xcb_window_t requestor;
    xcb_atom_t target, property;
    xcb_timestamp_t time;
    int format;         /* index of mvm_clip_formats, for content */
    Request *parent;    /* the MULTIPLE that this is a pair of, or NULL */
    unsigned pair;      /* its number there */
    Multiple *multiple; /* owned: this is a MULTIPLE itself; or NULL */
};

static Request *
request_new(MvmClipX11 *x11, xcb_window_t requestor, xcb_atom_t target, xcb_atom_t property,
            xcb_timestamp_t time)
{
    Request *request = g_new0(Request, 1);

    request->x11 = x11;
    request->requestor = requestor;
    request->target = target;
    request->property = property;
    request->time = time;
    x11->n_requests++;
    return request;
}

static void
notify(const Request *request, bool ok)
{
    xcb_selection_notify_event_t event = {
        .response_type = XCB_SELECTION_NOTIFY,
        .time = request->time,
        .requestor = request->requestor,
        .selection = request->x11->atoms[ATOM_CLIPBOARD],
        .target = request->target,
        .property = ok ? request->property : XCB_NONE,
    };
    char packet[32] = {0}; /* SendEvent copies 32 bytes, whatever the event's own size */

    memcpy(packet, &event, sizeof(event));
    xcb_send_event(request->x11->conn, 0, request->requestor, XCB_EVENT_MASK_NO_EVENT, packet);
}

static void
request_free(Request *request)
{
    request->x11->n_requests--;
    if (request->multiple != NULL)
        g_free(request->multiple->pairs);
    g_free(request->multiple);
    g_free(request);
}

/* Every pair is answered: those that failed have no property any more. */
static void
multiple_done(Request *request)
{
    MvmClipX11 *x11 = request->x11;

    xcb_change_property(x11->conn, XCB_PROP_MODE_REPLACE, request->requestor, request->property,
                        x11->atoms[ATOM_ATOM_PAIR], 32, request->multiple->n_pairs * 2,
                        request->multiple->pairs);
    notify(request, true);
    request_free(request);
}

static void
pair_done(Request *request, unsigned pair, bool ok)
{
    Multiple *multiple = request->multiple;

    if (!ok)
        multiple->pairs[pair * 2 + 1] = XCB_NONE;
    multiple->open--;
    if (multiple->open == 0)
        multiple_done(request);
}

static void
request_done(Request *request, bool ok)
{
    if (ok)
        request->x11->base.stats.served++;
    else
        request->x11->base.stats.refused++;
    if (request->parent != NULL)
        pair_done(request->parent, request->pair, ok);
    else
        notify(request, ok);
    request_free(request);
}

GArray *
mvm_x11_serve_targets(MvmClipX11 *x11, const MvmClipHolding *holding, bool protocol)
{
    const MvmClipContent *content = mvm_clip_holding_get_content(holding);
    GArray *targets = g_array_new(FALSE, FALSE, sizeof(xcb_atom_t));
    const int always[] = {ATOM_TARGETS, ATOM_TIMESTAMP, ATOM_MULTIPLE, ATOM_SAVE_TARGETS};

    for (size_t i = 0; protocol && i < G_N_ELEMENTS(always); i++)
        g_array_append_val(targets, x11->atoms[always[i]]);
    for (int i = 0; i < MVM_CLIP_FORMAT_COUNT; i++) {
        if (mvm_clip_holding_offers(holding, i))
            g_array_append_val(targets, x11->formats[i]);
    }
    if (mvm_clip_content_get_origin(content) != NULL)
        g_array_append_val(targets, x11->atoms[ATOM_ORIGIN]);
    if (mvm_clip_content_is_secret(content))
        g_array_append_val(targets, x11->atoms[ATOM_SECRET]);
    return targets;
}

static void
write_property(const Request *request, xcb_atom_t type, uint8_t bits, size_t n, const void *data)
{
    xcb_change_property(request->x11->conn, XCB_PROP_MODE_REPLACE, request->requestor,
                        request->property, type, bits, (uint32_t)n, data);
}

/* What is no content: true when it was answered. */
static bool
serve_protocol(Request *request)
{
    MvmClipX11 *x11 = request->x11;
    const MvmClipContent *content = mvm_clip_holding_get_content(x11->holding);
    const char *origin = mvm_clip_content_get_origin(content);

    if (request->target == x11->atoms[ATOM_TARGETS]) {
        g_autoptr(GArray) targets = mvm_x11_serve_targets(x11, x11->holding, true);

        write_property(request, XCB_ATOM_ATOM, 32, targets->len, targets->data);
    } else if (request->target == x11->atoms[ATOM_TIMESTAMP]) {
        write_property(request, XCB_ATOM_INTEGER, 32, 1, &x11->own_time);
    } else if (request->target == x11->atoms[ATOM_SAVE_TARGETS]) {
        write_property(request, x11->atoms[ATOM_NULL], 32, 0, NULL);
    } else if (request->target == x11->atoms[ATOM_ORIGIN] && origin != NULL) {
        write_property(request, request->target, 8, strlen(origin), origin);
    } else if (request->target == x11->atoms[ATOM_SECRET] && mvm_clip_content_is_secret(content)) {
        write_property(request, request->target, 8, strlen(MVM_CLIP_SECRET_VALUE),
                       MVM_CLIP_SECRET_VALUE);
    } else {
        return false;
    }
    return true;
}

static void
give(void *waiter, GBytes *bytes)
{
    Request *request = waiter;
    MvmClipX11 *x11 = request->x11;
    /* TEXT means: in an encoding of the owner's choice. */
    bool any_text = strcmp(mvm_clip_formats[request->format].name, "TEXT") == 0;
    xcb_atom_t type = any_text ? x11->atoms[ATOM_UTF8_STRING] : request->target;

    request_done(request, bytes != NULL && mvm_x11_send(x11, request->requestor, request->property,
                                                        type, bytes));
}

static void
serve(Request *request)
{
    MvmClipX11 *x11 = request->x11;

    if (serve_protocol(request)) {
        request_done(request, true);
        return;
    }
    for (int i = 0; i < MVM_CLIP_FORMAT_COUNT; i++) {
        if (x11->formats[i] != request->target || !mvm_clip_holding_offers(x11->holding, i))
            continue;
        request->format = i;
        mvm_clip_holding_ask(x11->holding, i, give, request);
        return;
    }
    request_done(request, false);
}

/* Serves each pair as if it had been asked alone. */
static void
serve_pairs(Request *request)
{
    Multiple *multiple = request->multiple;
    MvmClipX11 *x11 = request->x11;

    multiple->open = multiple->n_pairs + 1; /* one for ourselves, while we are in here */
    for (unsigned i = 0; i < multiple->n_pairs; i++) {
        xcb_atom_t target = multiple->pairs[i * 2], property = multiple->pairs[i * 2 + 1];
        Request *pair = NULL;

        if (property == XCB_NONE || target == x11->atoms[ATOM_MULTIPLE] || x11->holding == NULL) {
            pair_done(request, i, false);
            continue;
        }
        pair = request_new(x11, request->requestor, target, property, request->time);
        pair->parent = request;
        pair->pair = i;
        serve(pair);
    }
    multiple->open--;
    if (multiple->open == 0)
        multiple_done(request);
}

static void
pairs_read(MvmClipX11 *x11, void *reply, void *data)
{
    Request *request = data;
    const xcb_get_property_reply_t *property = reply;

    if (property == NULL || property->format != 32 || property->value_len < 2 ||
        property->value_len % 2 != 0 || property->bytes_after > 0 || x11->holding == NULL) {
        request_done(request, false);
        return;
    }
    request->multiple = g_new0(Multiple, 1);
    request->multiple->n_pairs = property->value_len / 2;
    request->multiple->pairs =
        g_memdup2(xcb_get_property_value(property), property->value_len * sizeof(xcb_atom_t));
    serve_pairs(request);
}

/* Anybody may name any window as the requestor. What is sent to ours would change which events we
 * hear there. */
static bool
is_ours(const MvmClipX11 *x11, xcb_window_t window)
{
    const xcb_setup_t *setup = xcb_get_setup(x11->conn);

    return (window & ~setup->resource_id_mask) == setup->resource_id_base;
}

void
mvm_x11_serve_request(MvmClipX11 *x11, const xcb_selection_request_event_t *event)
{
    /* Clients from before ICCCM 2 name no property. */
    xcb_atom_t property = event->property != XCB_NONE ? event->property : event->target;
    bool multiple = event->target == x11->atoms[ATOM_MULTIPLE];
    Request *request = NULL;

    if (is_ours(x11, event->requestor))
        return;
    request = request_new(x11, event->requestor, event->target, property, event->time);
    if (x11->holding == NULL || event->selection != x11->atoms[ATOM_CLIPBOARD] ||
        x11->n_requests > REQUESTS_MAX || (multiple && event->property == XCB_NONE) ||
        (event->time != XCB_CURRENT_TIME && mvm_x11_is_before(event->time, x11->own_time))) {
        request_done(request, false);
        return;
    }
    if (multiple)
        mvm_x11_expect(x11,
                       xcb_get_property(x11->conn, 0, event->requestor, property,
                                        XCB_GET_PROPERTY_TYPE_ANY, 0, PAIRS_MAX * 2)
                           .sequence,
                       pairs_read, request);
    else
        serve(request);
}
