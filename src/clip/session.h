/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One clipboard agent at work: the host's backend, the guest's link, and the engine between them,
 * wired together in one GMainContext.
 */
#pragma once

#include "clip/engine.h"
#include "clip/link.h"

typedef struct MvmSession MvmSession;

/* What `clip status` tells. Strings are borrowed and may be NULL. */
typedef struct {
    bool connected;
    const char *backend;         /* NULL: the display is gone */
    const char *reason;          /* why that backend */
    const char *agent;           /* of the guest */
    const char *trouble;         /* what is wrong with the guest now, for people */
    const char *display_trouble; /* and with the display */
    uint64_t sent, received;
} MvmSessionStatus;

/* None is called from within a function of this interface. */
typedef struct {
    void (*connected)(void *data);
    /* Something is wrong and is being tried again. */
    void (*trouble)(const GError *error, void *data);
    /* It cannot go on. */
    void (*dead)(const GError *error, void *data);
    void (*outcome)(MvmDirection direction, MvmClipOutcome outcome, const GError *error,
                    void *data);
    /* The host's clipboard, which was ours, is somebody else's. */
    void (*disowned)(void *data);
} MvmSessionEvents;

/* Takes target in every case. backend names one or is NULL. It rests until mvm_session_resume().
 * Fails as mvm_clip_backend_new() does. */
MvmSession *mvm_session_new(MvmSshTarget *target, MvmDirection direction, const char *backend,
                            GMainContext *context, const MvmSessionEvents *events, void *data,
                            GError **error);
void mvm_session_free(MvmSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmSession, mvm_session_free)

/* The machine is paused, or stopped: then nothing of what it held counts any more. */
void mvm_session_pause(MvmSession *session, bool stopped);

/* The machine runs. */
void mvm_session_resume(MvmSession *session);

/* See mvm_engine_push() and mvm_engine_pull(). */
void mvm_session_push(MvmSession *session);
void mvm_session_pull(MvmSession *session);

/* Asks a clipboard manager to keep what the guest gave, for at most a second; calls done then. */
void mvm_session_save(MvmSession *session, void (*done)(void *data), void *data);

MvmSessionStatus mvm_session_get_status(const MvmSession *session);

/* One sentence on an outcome, without any content; static storage. */
const char *mvm_session_describe(MvmDirection direction, MvmClipOutcome outcome);
