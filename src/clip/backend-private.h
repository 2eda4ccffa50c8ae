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
    uint64_t last_own_id; /* the newest that was given out */
    MvmClipStats stats;
};
