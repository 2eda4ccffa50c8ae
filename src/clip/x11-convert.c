/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A window of its own receives: after a conversion that ended as it should it serves the next one;
 * after any other it is left alone, with what a late owner may still write to it, because an owner
 * that writes to a destroyed window may die of the error.
 */
#include "clip/x11-private.h"
#include "util/error.h"

#include <string.h>

#define PIECE_UNITS ((uint32_t)64 * 1024) /* of four bytes, that one GetProperty may return */

struct MvmX11Conversion {
    MvmX11ConvertFunc done;
    MvmClipBuffer buffer;
    unsigned silence_ms;
    gint64 give_up; /* monotonic microseconds */
    GSource *timer;
    unsigned bits;
    uint32_t units;   /* of four bytes, read of the property at hand */
    bool answered;    /* the owner sent SelectionNotify */
    bool incremental; /* and the property tells of INCR */
    bool reading;     /* a GetProperty is under way */
    bool fresh;       /* the property was written again meanwhile */
};

static void
prepare_reader(MvmClipX11 *x11)
{
    const uint32_t events = XCB_EVENT_MASK_PROPERTY_CHANGE;

    if (x11->reader != XCB_NONE)
        return;
    x11->reader = xcb_generate_id(x11->conn);
    xcb_create_window(x11->conn, XCB_COPY_FROM_PARENT, x11->reader, x11->root, -1, -1, 1, 1, 0,
                      XCB_WINDOW_CLASS_INPUT_ONLY, XCB_COPY_FROM_PARENT, XCB_CW_EVENT_MASK,
                      &events);
}

static void
abandon_reader(MvmClipX11 *x11)
{
    if (x11->n_abandoned == G_N_ELEMENTS(x11->abandoned)) {
        xcb_destroy_window(x11->conn, x11->abandoned[0]);
        memmove(x11->abandoned, x11->abandoned + 1, sizeof(x11->abandoned) - sizeof(xcb_window_t));
        x11->n_abandoned--;
    }
    x11->abandoned[x11->n_abandoned++] = x11->reader;
    x11->reader = XCB_NONE;
}

static void
conversion_free(MvmClipX11 *x11, MvmX11Conversion *conversion)
{
    mvm_x11_forget(x11, conversion);
    mvm_clip_timer_clear(&conversion->timer);
    mvm_clip_buffer_clear(&conversion->buffer);
    g_free(conversion);
}

static void
succeed(MvmClipX11 *x11)
{
    MvmX11Conversion *conversion = g_steal_pointer(&x11->conversion);
    MvmX11ConvertFunc done = conversion->done;
    GBytes *bytes = mvm_clip_buffer_take(&conversion->buffer);
    unsigned bits = conversion->bits;

    conversion_free(x11, conversion);
    done(x11, bytes, bits, NULL);
}

/* The owner is through with us: its refusal, or a property beyond the cap. */
static void
fail_clean(MvmClipX11 *x11, const char *cause)
{
    MvmX11Conversion *conversion = g_steal_pointer(&x11->conversion);
    MvmX11ConvertFunc done = conversion->done;

    conversion_free(x11, conversion);
    done(x11, NULL, 0,
         g_error_new(MVM_ERROR, MVM_ERROR_FAILED, "cannot read 'the clipboard': %s", cause));
}

/* The owner may still write. */
static void
fail(MvmClipX11 *x11, const char *cause)
{
    abandon_reader(x11);
    fail_clean(x11, cause);
}

static gboolean
silent(void *data)
{
    MvmClipX11 *x11 = data;

    fail(x11, "its owner does not answer");
    return G_SOURCE_REMOVE;
}

/* The owner made a step: waits for the next one, within what the whole may last. */
static void
extend(MvmClipX11 *x11)
{
    MvmX11Conversion *conversion = x11->conversion;
    gint64 left = (conversion->give_up - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;
    unsigned ms = (unsigned)CLAMP(left, 0, (gint64)conversion->silence_ms);

    mvm_clip_timer_set(&conversion->timer, x11->base.context, ms, silent, x11);
}

static void read_property(MvmClipX11 *x11);

/* The property was read to its end, and deleted with that: the owner may write the next piece. */
static void
property_ended(MvmClipX11 *x11, uint32_t units)
{
    MvmX11Conversion *conversion = x11->conversion;

    if (!conversion->incremental || units == 0) {
        succeed(x11);
        return;
    }
    conversion->units = 0;
    extend(x11);
    if (conversion->fresh)
        read_property(x11);
}

/* Appends what the reply holds; false when it, with what is still to be read of the property, is
 * beyond the cap. Nothing is left in the reply. */
static bool
take_piece(MvmX11Conversion *conversion, const xcb_get_property_reply_t *property)
{
    MvmClipBuffer *buffer = &conversion->buffer;
    void *value = xcb_get_property_value(property);
    size_t size = (size_t)xcb_get_property_value_length(property);
    bool fits = size + property->bytes_after <= buffer->max - buffer->used &&
                mvm_clip_buffer_append(buffer, value, size);

    explicit_bzero(value, size);
    conversion->bits = property->format;
    conversion->units += (uint32_t)((size + 3) / 4);
    return fits;
}

/* The property announces INCR, with the least that there will be. */
static void
begin_incremental(MvmClipX11 *x11, const xcb_get_property_reply_t *property)
{
    MvmX11Conversion *conversion = x11->conversion;
    uint32_t least = 0;

    if (property->format == 32 && property->value_len > 0)
        memcpy(&least, xcb_get_property_value(property), sizeof(least));
    if (least > conversion->buffer.max) {
        fail(x11, "it holds too much");
        return;
    }
    conversion->incremental = true;
    property_ended(x11, 1);
}

static void
property_read(MvmClipX11 *x11, void *reply, void *data)
{
    MvmX11Conversion *conversion = x11->conversion;
    const xcb_get_property_reply_t *property = reply;

    conversion->reading = false;
    if (property == NULL || property->type == XCB_NONE) {
        if (!conversion->incremental)
            fail_clean(x11, "its owner sent nothing");
        else if (conversion->fresh)
            read_property(x11);
    } else if (property->type == x11->atoms[ATOM_INCR] && !conversion->incremental) {
        begin_incremental(x11, property);
    } else if (!take_piece(conversion, property)) {
        xcb_delete_property(x11->conn, x11->reader, x11->atoms[ATOM_PROPERTY]);
        if (conversion->incremental)
            abandon_reader(x11);
        fail_clean(x11, "it holds too much");
    } else if (property->bytes_after > 0) {
        extend(x11);
        read_property(x11);
    } else {
        property_ended(x11, conversion->units);
    }
}

static void
read_property(MvmClipX11 *x11)
{
    MvmX11Conversion *conversion = x11->conversion;
    /* With delete set, the server deletes it when nothing is left behind what it returns. */
    xcb_get_property_cookie_t cookie =
        xcb_get_property(x11->conn, 1, x11->reader, x11->atoms[ATOM_PROPERTY],
                         XCB_GET_PROPERTY_TYPE_ANY, conversion->units, PIECE_UNITS);

    conversion->reading = true;
    conversion->fresh = false;
    mvm_x11_expect(x11, cookie.sequence, property_read, conversion);
}

void
mvm_x11_convert_property(MvmClipX11 *x11, const xcb_property_notify_event_t *event)
{
    MvmX11Conversion *conversion = x11->conversion;

    if (conversion == NULL || event->atom != x11->atoms[ATOM_PROPERTY] ||
        event->state != XCB_PROPERTY_NEW_VALUE || !conversion->answered)
        return;
    if (conversion->reading)
        conversion->fresh = true;
    else if (conversion->incremental)
        read_property(x11);
}

void
mvm_x11_convert_notify(MvmClipX11 *x11, const xcb_selection_notify_event_t *event)
{
    MvmX11Conversion *conversion = x11->conversion;

    if (conversion == NULL || conversion->answered || event->requestor != x11->reader)
        return;
    if (event->property == XCB_NONE) {
        fail_clean(x11, "its owner refuses");
        return;
    }
    conversion->answered = true;
    extend(x11);
    read_property(x11);
}

void
mvm_x11_convert(MvmClipX11 *x11, xcb_atom_t target, size_t max, unsigned silence_ms,
                MvmX11ConvertFunc done)
{
    MvmX11Conversion *conversion = g_new0(MvmX11Conversion, 1);

    conversion->done = done;
    conversion->silence_ms = silence_ms;
    conversion->give_up = g_get_monotonic_time() +
                          (gint64)silence_ms * MVM_CLIP_READ_TOTAL_FACTOR * G_TIME_SPAN_MILLISECOND;
    mvm_clip_buffer_init(&conversion->buffer, max);
    x11->conversion = conversion;
    prepare_reader(x11);
    extend(x11);
    xcb_convert_selection(x11->conn, x11->reader, x11->atoms[ATOM_CLIPBOARD], target,
                          x11->atoms[ATOM_PROPERTY], x11->time);
}

bool
mvm_x11_convert_is_for(const MvmClipX11 *x11, MvmX11ConvertFunc done)
{
    return x11->conversion != NULL && x11->conversion->done == done;
}

bool
mvm_x11_convert_divert(MvmClipX11 *x11, MvmX11ConvertFunc done, MvmX11ConvertFunc then, unsigned ms)
{
    MvmX11Conversion *conversion = x11->conversion;

    if (!mvm_x11_convert_is_for(x11, done))
        return false;
    conversion->done = then;
    conversion->silence_ms = ms;
    conversion->give_up = g_get_monotonic_time() + (gint64)ms * G_TIME_SPAN_MILLISECOND;
    extend(x11);
    return true;
}

void
mvm_x11_convert_stop(MvmClipX11 *x11)
{
    if (x11->conversion == NULL)
        return;
    abandon_reader(x11);
    conversion_free(x11, g_steal_pointer(&x11->conversion));
}
