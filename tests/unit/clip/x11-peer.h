/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Another X client: it owns the clipboard or pastes, well behaved or not. Turned by clip_step(). */
#pragma once

#include "watcher.h"

#include <xcb/xcb.h>

typedef struct {
    xcb_connection_t *conn;
    xcb_window_t window;

    /* as an owner */
    GHashTable *data;  /* atom → GBytes */
    xcb_atom_t only;   /* answers nothing but this target, unless XCB_NONE */
    bool silent;       /* answers nothing */
    size_t chunk;      /* larger data goes by INCR in such pieces */
    unsigned pieces;   /* of INCR, to be sent before it stalls */
    uint32_t announce; /* what INCR tells, unless 0 */
    bool latin1_type;  /* text has the type STRING */
    GBytes *list;      /* borrowed: what TARGETS is answered with, in place of the truth, or NULL */
    uint8_t list_bits; /* of its elements */
    unsigned cleared;  /* SelectionClear */
    unsigned asked;    /* SelectionRequest */
    struct {
        xcb_window_t requestor;
        xcb_atom_t property, type;
        GBytes *bytes; /* NULL: nothing under way */
        size_t sent;
    } out;

    /* as a requestor; the property is target's own atom */
    unsigned answered;
    bool refused, incremental, done;
    bool stall;          /* does not delete what arrives by INCR */
    xcb_atom_t property; /* where the answer is expected */
    xcb_atom_t type;     /* of what came */
    GByteArray *in;

    /* as a clipboard manager */
    bool manager;
    xcb_window_t client; /* that asked to be saved */
    unsigned saves;
} ClipPeer;

ClipPeer *clip_peer_new(const ClipServer *server);
void clip_peer_free(ClipPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ClipPeer, clip_peer_free)

xcb_atom_t clip_peer_atom(ClipPeer *peer, const char *name);

/* Adds a target to those it owns the clipboard with. */
void clip_peer_set(ClipPeer *peer, const char *target, GBytes *bytes);
void clip_peer_set_text(ClipPeer *peer, const char *target, const char *text);

/* Takes the clipboard, with the server's time or CurrentTime. */
void clip_peer_own(ClipPeer *peer, bool current_time);

/* The server's time. */
xcb_timestamp_t clip_peer_time(ClipPeer *peer);

/* Asks for target; peer->done tells that it ended. */
void clip_peer_convert(ClipPeer *peer, const char *target);
void clip_peer_convert_at(ClipPeer *peer, const char *target, xcb_timestamp_t time);

/* The same, waiting for the end; false when it was refused. */
bool clip_peer_paste(ClipPeer *peer, ClipWatcher *watcher, const char *target);

/* Takes the selection CLIPBOARD_MANAGER. */
void clip_peer_manage(ClipPeer *peer);
