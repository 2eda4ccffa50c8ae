/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/x11-private.h"
#include "util/error.h"

#include <stdlib.h>
#include <string.h>

#define TARGETS_MAX ((size_t)64 * 1024) /* bytes of the list, four each */
/* For the list of an owner that somebody replaced meanwhile; the new one waits so long at most. */
#define BEFORE_MS 100

static void
report(MvmClipX11 *x11, const char *origin)
{
    MvmClipOffer offer = {
        .generation = x11->generation,
        .types = mvm_clip_choice_get_types(&x11->choice),
        .empty = x11->base.empty,
        .quit = x11->quit,
        .initial = x11->initial,
        .secret = x11->choice.secret || x11->secret_before,
        .origin = origin,
    };

    x11->offered = true;
    x11->secret_before = false;
    x11->base.stats.reports++;
    x11->base.callbacks->changed(&x11->base, &offer, x11->base.data);
}

static void
origin_read(MvmClipX11 *x11, GBytes *bytes, unsigned bits, GError *error)
{
    g_autofree char *origin = mvm_clip_origin_parse(bytes);

    g_clear_pointer(&bytes, g_bytes_unref);
    g_clear_error(&error);
    report(x11, origin);
}

static void
add_target(const MvmClipX11 *x11, MvmClipChoice *choice, xcb_atom_t target)
{
    if (target == x11->atoms[ATOM_ORIGIN])
        choice->origin = true;
    if (target == x11->atoms[ATOM_SECRET])
        choice->secret = true;
    for (int i = 0; i < MVM_CLIP_FILES_COUNT; i++)
        choice->files = choice->files || target == x11->files[i];
    for (int i = 0; i < MVM_CLIP_FORMAT_COUNT; i++) {
        if (target == x11->formats[i])
            mvm_clip_choice_add_format(choice, i);
    }
}

/* Ends a conversion to TARGETS; takes bytes and error over. */
static void
take_targets(const MvmClipX11 *x11, MvmClipChoice *choice, GBytes *bytes, unsigned bits,
             GError *error)
{
    size_t size = 0;
    const char *data = NULL;

    if (bytes != NULL && bits == 32)
        data = g_bytes_get_data(bytes, &size);
    for (size_t at = 0; at + sizeof(xcb_atom_t) <= size; at += sizeof(xcb_atom_t)) {
        xcb_atom_t target = XCB_NONE;

        memcpy(&target, data + at, sizeof(target));
        add_target(x11, choice, target);
    }
    g_clear_pointer(&bytes, g_bytes_unref);
    g_clear_error(&error);
}

static void
targets_read(MvmClipX11 *x11, GBytes *bytes, unsigned bits, GError *error)
{
    take_targets(x11, &x11->choice, bytes, bits, error);
    if (x11->choice.origin)
        mvm_x11_convert(x11, x11->atoms[ATOM_ORIGIN], MVM_CLIP_ORIGIN_MAX, MVM_CLIP_READ_SILENCE_MS,
                        origin_read);
    else
        report(x11, NULL);
}

static void settled(MvmClipBackend *backend);

/* A clipboard manager takes over at once what a password manager has just copied, and without the
 * mark: the list of the one before tells. */
static void
before_read(MvmClipX11 *x11, GBytes *bytes, unsigned bits, GError *error)
{
    MvmClipChoice before;
    bool postponed = x11->postponed;

    mvm_clip_choice_init(&before);
    take_targets(x11, &before, bytes, bits, error);
    x11->secret_before = x11->secret_before || before.secret;
    x11->postponed = false;
    if (postponed)
        settled(&x11->base);
}

static void
settled(MvmClipBackend *backend)
{
    MvmClipX11 *x11 = (MvmClipX11 *)backend;

    x11->postponed = mvm_x11_convert_is_for(x11, before_read);
    if (x11->postponed)
        return;
    if (x11->base.empty)
        report(x11, NULL);
    else
        mvm_x11_convert(x11, x11->atoms[ATOM_TARGETS], TARGETS_MAX, MVM_CLIP_READ_SILENCE_MS,
                        targets_read);
}

/* The next generation: whatever was under way for the last one is of no more use. */
static void
advance(MvmClipX11 *x11, xcb_timestamp_t time)
{
    if (!x11->offered && x11->choice.secret)
        x11->secret_before = true;
    x11->generation++;
    x11->time = time;
    x11->offered = false;
    x11->postponed = false;
    mvm_clip_choice_init(&x11->choice);
    mvm_clip_timer_clear(&x11->base.coalesce);
    mvm_clip_reads_cancel(&x11->reads);
    if (!mvm_x11_convert_is_for(x11, before_read) &&
        !mvm_x11_convert_divert(x11, targets_read, before_read, BEFORE_MS))
        mvm_x11_convert_stop(x11);
}

void
mvm_x11_watch_event(MvmClipX11 *x11, const xcb_xfixes_selection_notify_event_t *event)
{
    bool released = x11->released;
    /* An owner that quits is still named in the event. */
    bool empty = event->subtype != XCB_XFIXES_SELECTION_EVENT_SET_SELECTION_OWNER ||
                 event->owner == XCB_NONE;

    if (event->selection != x11->atoms[ATOM_CLIPBOARD])
        return;
    x11->released = false;
    advance(x11, empty ? event->timestamp : event->selection_timestamp);
    x11->base.empty = empty;
    x11->quit = event->subtype != XCB_XFIXES_SELECTION_EVENT_SET_SELECTION_OWNER;
    x11->initial = false;
    if ((!empty && event->owner == x11->window) || (empty && released))
        return;
    x11->base.stats.changes++;
    mvm_clip_backend_coalesce(&x11->base, settled);
}

void
mvm_x11_watch_stamp(MvmClipX11 *x11, xcb_timestamp_t time)
{
    if (!x11->initial)
        return;
    x11->time = time;
    mvm_clip_backend_coalesce(&x11->base, settled);
}

static void
read_done(MvmClipX11 *x11, GBytes *bytes, unsigned bits, GError *error)
{
    MvmClipType type = x11->reads.active->type;

    if (bytes != NULL && bits != 8 && g_bytes_get_size(bytes) > 0) {
        g_clear_pointer(&bytes, g_bytes_unref);
        error = g_error_new(MVM_ERROR, MVM_ERROR_FAILED,
                            "cannot read '%s' from the clipboard: its owner did not send bytes",
                            mvm_clip_type_media(type));
    }
    mvm_clip_reads_finish(&x11->reads, x11->choice.format[type], bytes, error);
}

static bool
read_start(MvmClipBackend *backend, const MvmClipRead *read, GError **error)
{
    MvmClipX11 *x11 = (MvmClipX11 *)backend;
    int format = x11->choice.format[read->type];

    if (read->generation != x11->generation || !x11->offered) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_CANCELLED,
                    "cannot read 'the clipboard': it changed meanwhile");
        return false;
    }
    if (format < 0) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                    "cannot read '%s' from the clipboard: it is not offered",
                    mvm_clip_type_media(read->type));
        return false;
    }
    mvm_x11_convert(x11, x11->formats[format], mvm_clip_type_max(read->type), read->silence_ms,
                    read_done);
    return true;
}

static void
read_stop(MvmClipBackend *backend)
{
    mvm_x11_convert_stop((MvmClipX11 *)backend);
}

bool
mvm_x11_watch_begin(MvmClipX11 *x11, GError **error)
{
    const xcb_query_extension_reply_t *xfixes = xcb_get_extension_data(x11->conn, &xcb_xfixes_id);
    xcb_get_selection_owner_reply_t *owner = NULL;

    x11->reads = (MvmClipReads){.backend = &x11->base, .start = read_start, .stop = read_stop};
    mvm_clip_choice_init(&x11->choice);
    if (xfixes == NULL || !xfixes->present) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                    "cannot watch 'the clipboard': the X server lacks the XFIXES extension");
        return false;
    }
    x11->xfixes_event = xfixes->first_event;
    /* The server counts a client's XFixes requests as errors until it told its version. */
    free(
        xcb_xfixes_query_version_reply(x11->conn, xcb_xfixes_query_version(x11->conn, 5, 0), NULL));
    xcb_xfixes_select_selection_input(x11->conn, x11->window, x11->atoms[ATOM_CLIPBOARD],
                                      XCB_XFIXES_SELECTION_EVENT_MASK_SET_SELECTION_OWNER |
                                          XCB_XFIXES_SELECTION_EVENT_MASK_SELECTION_WINDOW_DESTROY |
                                          XCB_XFIXES_SELECTION_EVENT_MASK_SELECTION_CLIENT_CLOSE);
    owner = xcb_get_selection_owner_reply(
        x11->conn, xcb_get_selection_owner(x11->conn, x11->atoms[ATOM_CLIPBOARD]), NULL);
    x11->generation = 1;
    x11->initial = owner != NULL && owner->owner != XCB_NONE;
    x11->base.empty = !x11->initial;
    if (x11->initial)
        mvm_x11_want_stamp(x11, STAMP_WATCH);
    free(owner);
    return true;
}

void
mvm_x11_watch_end(MvmClipX11 *x11)
{
    if (x11->reads.backend != NULL)
        mvm_clip_reads_cancel(&x11->reads);
    mvm_x11_convert_stop(x11);
}
