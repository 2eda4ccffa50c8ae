/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For session*.c alone. */
#pragma once

#include "clip/session.h"

struct MvmSession {
    GMainContext *context; /* a reference */
    MvmSessionEvents events;
    void *data;
    MvmClipBackend *backend; /* owned; NULL while the display is gone */
    char *backend_name;      /* owned; the one asked for, or NULL */
    MvmLink *link;           /* owned */
    MvmEngine *engine;       /* owned */
    const char *agent;       /* of the connected guest; static storage */
    const char *last_agent;  /* of the one that was connected last; static storage */
    char *trouble;           /* owned; the guest's, or NULL */
    char *display_trouble;   /* owned, or NULL */
    GSource *display_retry;  /* owned, or NULL */
    unsigned display_retry_ms;
    void (*save_done)(void *data);
    void *save_data;
};

/* The engine's orders, carried out by the backend and the guest of the MvmSession in data. */
extern const MvmEngineOps mvm_session_engine_ops;
