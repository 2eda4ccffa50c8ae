/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The X11 side, inside: one connection, and the four things done on it.
 *
 *   x11.c          the connection, its source in the main loop, replies, the server's time
 *   x11-connect.c  the connection's beginning
 *   x11-watch.c    who owns CLIPBOARD, and what is offered
 *   x11-convert.c  one conversion: what we ask of an owner (INCR in)
 *   x11-own.c      taking, giving up, and saving the ownership
 *   x11-serve.c    what others ask of us: targets, MULTIPLE
 *   x11-send.c     writing to their properties (INCR out)
 *
 * Source of the rules: ICCCM 2.0 section 2 (selections), the XFixes 5 protocol, and
 * freedesktop.org's clipboard manager specification (SAVE_TARGETS).
 *
 * No request here waits for its reply: another client may have grabbed the server.
 */
#pragma once

#include "clip/buffer.h"
#include "clip/formats.h"
#include "clip/holding.h"
#include "clip/reads.h"

#include <xcb/xcb.h>
#include <xcb/xfixes.h>

typedef struct MvmClipX11 MvmClipX11;

enum {
    ATOM_CLIPBOARD,
    ATOM_CLIPBOARD_MANAGER,
    ATOM_TARGETS,
    ATOM_TIMESTAMP,
    ATOM_MULTIPLE,
    ATOM_ATOM_PAIR,
    ATOM_SAVE_TARGETS,
    ATOM_INCR,
    ATOM_NULL,
    ATOM_ORIGIN,
    ATOM_SECRET,
    ATOM_UTF8_STRING,
    ATOM_PROPERTY, /* of our own windows: what is received */
    ATOM_STAMP,    /* of our own window: asks the server for its time */
    ATOM_COUNT,
};

/* reply is NULL when the request failed; freed after the call. */
typedef void (*MvmX11ReplyFunc)(MvmClipX11 *x11, void *reply, void *data);

/* What waits for the server's time; bits of MvmClipX11.stamp_wanted. */
enum {
    STAMP_WATCH = 1, /* to ask an owner from before our time */
    STAMP_OWN = 2,
    STAMP_SAVE = 4,
};

/* Ends a conversion: bytes (taken over) of elements of so many bits; or NULL and error (taken
 * over). */
typedef void (*MvmX11ConvertFunc)(MvmClipX11 *x11, GBytes *bytes, unsigned bits, GError *error);

typedef struct MvmX11Conversion MvmX11Conversion;

struct MvmClipX11 {
    MvmClipBackend base;
    xcb_connection_t *conn;
    GSource *source;
    xcb_window_t root;
    xcb_window_t window; /* owns the selection and hears of it */
    xcb_atom_t atoms[ATOM_COUNT];
    xcb_atom_t formats[MVM_CLIP_FORMAT_COUNT];
    xcb_atom_t files[MVM_CLIP_FILES_COUNT];
    uint8_t xfixes_event; /* the first event number of XFixes */
    GQueue replies;       /* of PendingReply, in the order of the requests */
    unsigned stamp_wanted;

    /* x11-watch.c */
    uint64_t generation;
    xcb_timestamp_t time; /* of the change that began it */
    bool quit, initial;
    bool released;      /* we gave the selection up, and the event of that is to come */
    bool offered;       /* choice is that of the generation, and was reported */
    bool secret_before; /* a content that was not reported any more had the mark */
    bool postponed;     /* settled() waits for before_read() */
    MvmClipChoice choice;
    MvmClipReads reads;

    /* x11-convert.c */
    MvmX11Conversion *conversion; /* under way, or NULL */
    xcb_window_t reader;          /* receives, or XCB_NONE */
    xcb_window_t abandoned[16];   /* where a late owner may still write; oldest first */
    unsigned n_abandoned;

    /* x11-own.c */
    MvmClipHolding *next;    /* to be owned at the next stamp, or NULL */
    MvmClipHolding *holding; /* owned, or NULL */
    xcb_timestamp_t own_time;
    MvmClipSavedFunc saved; /* a save is under way, unless NULL */
    void *saved_data;
    GSource *save_timer;

    /* x11-serve.c, x11-send.c */
    unsigned n_requests;
    GPtrArray *transfers; /* of MvmX11Transfer, owned */
    size_t chunk;         /* bytes that one property write may have */
};

/* Times of the server, as serial numbers that wrap around: true when a is before b. */
static inline bool
mvm_x11_is_before(xcb_timestamp_t a, xcb_timestamp_t b)
{
    return (int32_t)(a - b) < 0;
}

/* x11-connect.c: as xcb_connect(); NULL when the server does not answer in time. */
xcb_connection_t *mvm_x11_connect(const char *display, int *ret_screen);

/* x11.c: has func called with the reply to the request of that number; data is for func.
 * mvm_x11_forget() drops what is expected for data. */
void mvm_x11_expect(MvmClipX11 *x11, unsigned sequence, MvmX11ReplyFunc func, void *data);
void mvm_x11_forget(MvmClipX11 *x11, const void *data);

/* Asks for the server's time on behalf of who, a STAMP_ bit. */
void mvm_x11_want_stamp(MvmClipX11 *x11, unsigned who);

/* x11-watch.c */
bool mvm_x11_watch_begin(MvmClipX11 *x11, GError **error);
void mvm_x11_watch_event(MvmClipX11 *x11, const xcb_xfixes_selection_notify_event_t *event);
void mvm_x11_watch_stamp(MvmClipX11 *x11, xcb_timestamp_t time);
void mvm_x11_watch_end(MvmClipX11 *x11);

/* x11-convert.c: asks the owner of CLIPBOARD for target, at most max bytes. One at a time; done is
 * called once, unless mvm_x11_convert_stop() is called before. */
void mvm_x11_convert(MvmClipX11 *x11, xcb_atom_t target, size_t max, unsigned silence_ms,
                     MvmX11ConvertFunc done);
void mvm_x11_convert_stop(MvmClipX11 *x11);
/* Has then called in place of done, after ms at the latest. False when no conversion is under way
 * that would call done. */
bool mvm_x11_convert_divert(MvmClipX11 *x11, MvmX11ConvertFunc done, MvmX11ConvertFunc then,
                            unsigned ms);
/* Whether a conversion is under way that will call done. */
bool mvm_x11_convert_is_for(const MvmClipX11 *x11, MvmX11ConvertFunc done);
void mvm_x11_convert_notify(MvmClipX11 *x11, const xcb_selection_notify_event_t *event);
void mvm_x11_convert_property(MvmClipX11 *x11, const xcb_property_notify_event_t *event);

/* x11-own.c */
void mvm_x11_own(MvmClipBackend *backend, uint64_t own_id, MvmClipContent *content,
                 MvmClipTypes promised);
void mvm_x11_provide(MvmClipBackend *backend, uint64_t own_id, MvmClipType type, GBytes *bytes);
void mvm_x11_release(MvmClipBackend *backend);
void mvm_x11_save(MvmClipBackend *backend, unsigned timeout_ms, MvmClipSavedFunc done, void *data);
void mvm_x11_own_stamp(MvmClipX11 *x11, xcb_timestamp_t time);
void mvm_x11_own_cleared(MvmClipX11 *x11, const xcb_selection_clear_event_t *event);
void mvm_x11_save_stamp(MvmClipX11 *x11, xcb_timestamp_t time);
void mvm_x11_save_end(MvmClipX11 *x11, bool saved);
void mvm_x11_own_end(MvmClipX11 *x11);

/* x11-serve.c: the targets of holding as atoms; TARGETS and its like only when protocol is true. */
GArray *mvm_x11_serve_targets(MvmClipX11 *x11, const MvmClipHolding *holding, bool protocol);
void mvm_x11_serve_request(MvmClipX11 *x11, const xcb_selection_request_event_t *event);

/* x11-send.c: writes bytes to the requestor's property, at once or in pieces. False when too much
 * is under way already. */
bool mvm_x11_send(MvmClipX11 *x11, xcb_window_t requestor, xcb_atom_t property, xcb_atom_t type,
                  GBytes *bytes);
void mvm_x11_send_property(MvmClipX11 *x11, const xcb_property_notify_event_t *event);
/* The window is gone: whatever was sent there ends. */
void mvm_x11_send_gone(MvmClipX11 *x11, xcb_window_t requestor);
void mvm_x11_send_end(MvmClipX11 *x11);
