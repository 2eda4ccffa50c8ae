/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a backend is made of: for the files that implement one (x11.c, wayland.c, a test's fake).
 * A third display system is one more file that fills in MvmClipBackendOps.
 */
#pragma once

#include "clip/backend.h"

/* Each function is that of backend.h without the common part. */
typedef struct {
    const char *name;
    void (*free)(MvmClipBackend *backend);
    void (*read)(MvmClipBackend *backend, uint64_t generation, MvmClipType type,
                 unsigned silence_ms, MvmClipReadFunc done, void *data);
    void (*own)(MvmClipBackend *backend, uint64_t own_id, MvmClipContent *content,
                MvmClipTypes promised);
    void (*provide)(MvmClipBackend *backend, uint64_t own_id, MvmClipType type, GBytes *bytes);
    void (*release)(MvmClipBackend *backend);
    void (*save)(MvmClipBackend *backend, unsigned timeout_ms, MvmClipSavedFunc done, void *data);
} MvmClipBackendOps;

/* The first member of each backend's struct. */
struct MvmClipBackend {
    const MvmClipBackendOps *ops;
    GMainContext *context; /* borrowed */
    const MvmClipCallbacks *callbacks;
    void *data;
    char *reason;         /* owned */
    bool empty;           /* nobody owns the clipboard */
    uint64_t last_own_id; /* the newest that was given out */
    MvmClipStats stats;
    gint64 quiet_until; /* monotonic microseconds: a change before then is coalesced */
    GSource *coalesce;  /* runs until then, or NULL */
    void (*settled)(MvmClipBackend *backend);
    GError *loss;  /* why the display is gone, or NULL */
    GSource *lost; /* tells it, or NULL */
};

/* Sets up the common part; _clear() undoes that. */
void mvm_clip_backend_init(MvmClipBackend *backend, const MvmClipBackendOps *ops,
                           GMainContext *context, const MvmClipCallbacks *callbacks, void *data);
void mvm_clip_backend_clear(MvmClipBackend *backend);

/* The clipboard changed: calls settled(backend), now or, when there was a call just before, after
 * the rest of MVM_CLIP_COALESCE_MS. */
void mvm_clip_backend_coalesce(MvmClipBackend *backend, void (*settled)(MvmClipBackend *backend));

/* The display is gone, for the reason error, which is taken over: tells it from the main context,
 * once. */
void mvm_clip_backend_lose(MvmClipBackend *backend, GError *error);

/* Runs func(data) once after ms milliseconds in context, in place of what *timer was to run. func
 * must call mvm_clip_timer_clear(timer) first and return G_SOURCE_REMOVE. */
void mvm_clip_timer_set(GSource **timer, GMainContext *context, unsigned ms, GSourceFunc func,
                        void *data);
void mvm_clip_timer_clear(GSource **timer);

/* Connects to the X server named (as $DISPLAY). Fails as mvm_clip_backend_new() does. */
MvmClipBackend *mvm_clip_x11_new(const char *display, GMainContext *context,
                                 const MvmClipCallbacks *callbacks, void *data, GError **error);

/* Connects to the compositor named (as $WAYLAND_DISPLAY). protocol is a backend's name, or NULL for
 * the best that the compositor offers. Fails as mvm_clip_backend_new() does. */
MvmClipBackend *mvm_clip_wayland_new(const char *display, const char *protocol,
                                     GMainContext *context, const MvmClipCallbacks *callbacks,
                                     void *data, GError **error);
