/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/x11-private.h"

#define TRANSFERS_MAX 32
#define STALLED_US G_TIME_SPAN_SECOND /* without a step: gives way when there are too many */

/* One INCR transfer, known by requestor and property. */
typedef struct {
    MvmClipX11 *x11;
    xcb_window_t requestor;
    xcb_atom_t property, type;
    GBytes *bytes;
    size_t sent;
    bool ended;   /* the empty piece was written */
    gint64 moved; /* monotonic microseconds: its last step */
    GSource *timer;
} Transfer;

static const uint32_t listen = XCB_EVENT_MASK_PROPERTY_CHANGE | XCB_EVENT_MASK_STRUCTURE_NOTIFY;
static const uint32_t deaf = XCB_EVENT_MASK_NO_EVENT;

static Transfer *
find(const MvmClipX11 *x11, xcb_window_t requestor, xcb_atom_t property)
{
    for (unsigned i = 0; i < x11->transfers->len; i++) {
        Transfer *transfer = x11->transfers->pdata[i];

        if (transfer->requestor == requestor &&
            (property == XCB_ATOM_NONE || transfer->property == property))
            return transfer;
    }
    return NULL;
}

static void
transfer_end(Transfer *transfer)
{
    MvmClipX11 *x11 = transfer->x11;

    g_ptr_array_remove_fast(x11->transfers, transfer);
    x11->base.stats.transfers = x11->transfers->len;
    if (find(x11, transfer->requestor, XCB_ATOM_NONE) == NULL)
        xcb_change_window_attributes(x11->conn, transfer->requestor, XCB_CW_EVENT_MASK, &deaf);
    mvm_clip_timer_clear(&transfer->timer);
    g_bytes_unref(transfer->bytes);
    g_free(transfer);
}

static gboolean
silent(void *data)
{
    Transfer *transfer = data;

    transfer->x11->base.stats.refused++;
    transfer_end(transfer);
    return G_SOURCE_REMOVE;
}

/* Waits for the requestor's next step. */
static void
wait_step(Transfer *transfer)
{
    transfer->moved = g_get_monotonic_time();
    mvm_clip_timer_set(&transfer->timer, transfer->x11->base.context, MVM_CLIP_SERVE_SILENCE_MS,
                       silent, transfer);
}

static void
write_piece(Transfer *transfer)
{
    MvmClipX11 *x11 = transfer->x11;
    size_t size = 0;
    const char *data = g_bytes_get_data(transfer->bytes, &size);
    size_t piece = MIN(size - transfer->sent, x11->chunk);

    xcb_change_property(x11->conn, XCB_PROP_MODE_REPLACE, transfer->requestor, transfer->property,
                        transfer->type, 8, (uint32_t)piece, data + transfer->sent);
    transfer->sent += piece;
    transfer->ended = piece == 0;
    wait_step(transfer);
}

static void
transfer_begin(MvmClipX11 *x11, xcb_window_t requestor, xcb_atom_t property, xcb_atom_t type,
               GBytes *bytes)
{
    Transfer *transfer = g_new0(Transfer, 1);
    uint32_t size = (uint32_t)g_bytes_get_size(bytes);

    *transfer = (Transfer){.x11 = x11,
                           .requestor = requestor,
                           .property = property,
                           .type = type,
                           .bytes = g_bytes_ref(bytes)};
    g_ptr_array_add(x11->transfers, transfer);
    x11->base.stats.transfers = x11->transfers->len;
    xcb_change_window_attributes(x11->conn, requestor, XCB_CW_EVENT_MASK, &listen);
    xcb_change_property(x11->conn, XCB_PROP_MODE_REPLACE, requestor, property,
                        x11->atoms[ATOM_INCR], 32, 1, &size);
    wait_step(transfer);
}

/* Whether one more may begin: of too many, the one that has been still for longest gives way, so
 * that requestors that ask and then do nothing cannot keep the others out. */
static bool
make_room(MvmClipX11 *x11)
{
    Transfer *stillest = NULL;

    if (x11->transfers->len < TRANSFERS_MAX)
        return true;
    for (unsigned i = 0; i < x11->transfers->len; i++) {
        Transfer *transfer = x11->transfers->pdata[i];

        if (stillest == NULL || transfer->moved < stillest->moved)
            stillest = transfer;
    }
    if (g_get_monotonic_time() - stillest->moved < STALLED_US)
        return false;
    silent(stillest);
    return true;
}

bool
mvm_x11_send(MvmClipX11 *x11, xcb_window_t requestor, xcb_atom_t property, xcb_atom_t type,
             GBytes *bytes)
{
    size_t size = 0;
    const char *data = g_bytes_get_data(bytes, &size);
    Transfer *earlier = find(x11, requestor, property);

    /* Asking again into the same property gives up what was on its way there. */
    if (earlier != NULL)
        transfer_end(earlier);
    if (size <= x11->chunk) {
        xcb_change_property(x11->conn, XCB_PROP_MODE_REPLACE, requestor, property, type, 8,
                            (uint32_t)size, data);
        return true;
    }
    if (!make_room(x11))
        return false;
    transfer_begin(x11, requestor, property, type, bytes);
    return true;
}

void
mvm_x11_send_property(MvmClipX11 *x11, const xcb_property_notify_event_t *event)
{
    Transfer *transfer = NULL;

    if (event->state == XCB_PROPERTY_DELETE)
        transfer = find(x11, event->window, event->atom);
    if (transfer == NULL)
        return;
    if (transfer->ended)
        transfer_end(transfer);
    else
        write_piece(transfer);
}

void
mvm_x11_send_gone(MvmClipX11 *x11, xcb_window_t requestor)
{
    Transfer *transfer = NULL;

    while ((transfer = find(x11, requestor, XCB_ATOM_NONE)) != NULL)
        transfer_end(transfer);
}

void
mvm_x11_send_end(MvmClipX11 *x11)
{
    while (x11->transfers->len > 0)
        transfer_end(x11->transfers->pdata[0]);
    g_ptr_array_unref(x11->transfers);
}
