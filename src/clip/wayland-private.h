/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Wayland side, inside.
 *
 *   wayland.c          the connection, its source in the main loop, what the compositor offers
 *   wayland-watch.c    who owns the selection, and what is offered
 *   wayland-receive.c  one pipe: what we ask of an owner
 *   wayland-own.c      our own selection, and writing it to those who paste
 *
 * ext-data-control-v1 and wlr-data-control-unstable-v1 are one protocol under two names: messages
 * have the same numbers and arguments. So the stubs and listeners of the first serve proxies of
 * either; only where a proxy is made does its interface matter (MvmWaylandProtocol). wayland.c has
 * the compiler check the numbers.
 */
#pragma once

#include "clip/buffer.h"
#include "clip/formats.h"
#include "clip/holding.h"
#include "clip/reads.h"

#include "ext-data-control-client.h"

#include <wayland-client.h>

typedef struct MvmClipWayland MvmClipWayland;
typedef struct MvmWaylandOffer MvmWaylandOffer;
typedef struct MvmWaylandSource MvmWaylandSource;
typedef struct MvmWaylandReceipt MvmWaylandReceipt;

/* Ends what a pipe brought: bytes (taken over), or NULL and error (taken over). */
typedef void (*MvmWaylandReceiveFunc)(MvmClipWayland *wayland, GBytes *bytes, GError *error);

typedef struct {
    const MvmClipBackendOps *ops; /* their name tells the protocol */
    const struct wl_interface *manager, *device, *source;
} MvmWaylandProtocol;

struct MvmWaylandOffer {
    MvmClipWayland *wayland;
    struct ext_data_control_offer_v1 *proxy;
    MvmClipChoice choice;
    /* By which of its spellings a format is asked for: the compositor compares names exactly. */
    char *names[MVM_CLIP_FORMAT_COUNT];
    char *origin_name;
};

/* A global object of the compositor. */
typedef struct {
    uint32_t name, version; /* name 0: not announced */
} MvmWaylandGlobal;

struct MvmClipWayland {
    MvmClipBackend base;
    const MvmWaylandProtocol *protocol;
    struct wl_display *display;
    GSource *loop;
    struct wl_registry *registry;
    MvmWaylandGlobal ext_global, wlr_global, seat_global;
    struct wl_seat *seat;
    struct ext_data_control_manager_v1 *manager;
    struct ext_data_control_device_v1 *device;

    /* wayland-watch.c */
    uint64_t generation;
    GPtrArray *offers;      /* of MvmWaylandOffer: all that the compositor introduced */
    MvmWaylandOffer *offer; /* the selection, one of offers; NULL: empty */
    bool seen;              /* the first selection event came */
    bool initial;           /* and none since */
    bool echo;              /* offer is our own source, come back */
    bool released;          /* we gave the selection up, and the event of that is to come */
    bool offered;           /* offer was reported */
    bool secret_before;     /* a content that was not reported any more had the mark */
    MvmClipReads reads;
    MvmWaylandReceipt *receipt; /* a pipe is being read, or NULL */

    /* wayland-own.c */
    GPtrArray *sources;       /* of MvmWaylandSource: until the compositor cancelled them */
    MvmWaylandSource *source; /* that owns the selection, one of sources; or NULL */
    GPtrArray *jobs;          /* of Job: writing to a reader */
    MvmClipSavedFunc saved;   /* a save is to be answered, unless NULL */
    void *saved_data;
    GSource *save_timer;
};

/* wayland.c: the clipboard is gone, for that reason. */
void mvm_wayland_lose(MvmClipWayland *wayland, const char *cause);

/* A request whose answer shows that the compositor has handled all before it. */
struct wl_callback *mvm_wayland_sync(MvmClipWayland *wayland,
                                     const struct wl_callback_listener *listener, void *data);

/* wayland-watch.c; _end() undoes _init(), which needs no connection yet. */
void mvm_wayland_watch_init(MvmClipWayland *wayland);
void mvm_wayland_watch_begin(MvmClipWayland *wayland);
void mvm_wayland_watch_cancelled(MvmClipWayland *wayland);
void mvm_wayland_watch_end(MvmClipWayland *wayland);

/* wayland-receive.c: asks the selection's owner for name, at most max bytes. One at a time; done is
 * called once, unless mvm_wayland_receive_stop() is called before. False when it cannot begin. */
bool mvm_wayland_receive(MvmClipWayland *wayland, const char *name, size_t max, unsigned silence_ms,
                         MvmWaylandReceiveFunc done, GError **error);
void mvm_wayland_receive_stop(MvmClipWayland *wayland);

/* wayland-own.c */
void mvm_wayland_own_init(MvmClipWayland *wayland);
void mvm_wayland_own(MvmClipBackend *backend, uint64_t own_id, MvmClipContent *content,
                     MvmClipTypes promised);
void mvm_wayland_provide(MvmClipBackend *backend, uint64_t own_id, MvmClipType type, GBytes *bytes);
void mvm_wayland_release(MvmClipBackend *backend);
void mvm_wayland_save(MvmClipBackend *backend, unsigned timeout_ms, MvmClipSavedFunc done,
                      void *data);
void mvm_wayland_own_end(MvmClipWayland *wayland);
