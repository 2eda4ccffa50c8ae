/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What keeps two clipboards the same: decides what crosses, and does nothing by itself. Events of
 * both sides go in through the functions below, orders come out through MvmEngineOps. No clock, no
 * I/O, no thread: every case can be tested.
 *
 * Rules, in the order in which they are applied:
 *  1. What is there when the two meet stays where it is. After a gap of at most MVM_ENGINE_GAP,
 *     what was copied meanwhile crosses.
 *  2. What a password manager marked does not cross, nor, for MVM_ENGINE_SECRET, the same text when
 *     it comes back without the mark. A clipboard manager may take it over before its text could be
 *     read: what comes next, within MVM_ENGINE_SECRET_ECHO, is taken for the same.
 *  3. What the other side has already does not cross: clipboard managers copy again what they see.
 *     It is compared byte by byte, as it was set, and never changed on its way.
 *  4. Of two copies, the one that this engine heard of last wins; an older one is dropped on its
 * way.
 *
 * Text from the guest is fetched before the host's clipboard is taken, so that a paste never waits
 * for it; its other types are promised and fetched when somebody pastes them.
 */
#pragma once

#include "clip/backend.h"
#include "clip/content.h"

#define MVM_ENGINE_GAP (60 * G_USEC_PER_SEC)
#define MVM_ENGINE_SECRET (10 * 60 * G_USEC_PER_SEC)
#define MVM_ENGINE_SECRET_ECHO (1 * G_USEC_PER_SEC)
#define MVM_ENGINE_BLOCKED (60 * G_USEC_PER_SEC) /* reads rest so long after one was blocked */

typedef enum {
    MVM_DIRECTION_NONE = 0, /* only what is asked for: mvm_engine_push(), mvm_engine_pull() */
    MVM_DIRECTION_TO_GUEST = 1,
    MVM_DIRECTION_TO_HOST = 2,
    MVM_DIRECTION_BOTH = 3,
} MvmDirection;

/* What became of one copy. */
typedef enum {
    MVM_CLIP_SENT,     /* the guest has it */
    MVM_CLIP_RECEIVED, /* the host has it */
    MVM_CLIP_CLEARED,  /* the guest's copy of what the host cleared is gone */
    MVM_CLIP_SAME,     /* the other side has it already */
    MVM_CLIP_SECRET,   /* it stays where it is */
    MVM_CLIP_NOTHING,  /* there is nothing that could cross */
    MVM_CLIP_LATE,     /* a newer copy came before it arrived */
    MVM_CLIP_BLOCKED,  /* macOS does not let it be read */
    MVM_CLIP_FAILED,   /* see the error */
    MVM_CLIP_SKIPPED,  /* one type of it, see the error; how the rest went is told besides */
} MvmClipOutcome;

typedef struct {
    int64_t (*now)(void *data); /* microseconds, monotonic */

    /* The host's side. host_read() is answered by mvm_engine_host_bytes(), later. */
    void (*host_read)(uint64_t generation, MvmClipType type, void *data);
    uint64_t (*host_own)(MvmClipContent *content, MvmClipTypes promised, void *data);
    void (*host_provide)(uint64_t own_id, MvmClipType type, GBytes *bytes, void *data);

    /* The guest's side: as mvm_guest_*(). Only called between ready and gone. */
    bool (*guest_write)(MvmClipContent *content, GError **error, void *data);
    bool (*guest_cancel)(void *data);
    void (*guest_fetch)(uint32_t count, MvmClipType type, void *data);
    void (*guest_report)(uint32_t count, void *data);

    /* For the log and for whoever asked. direction is one of two; error is borrowed, often NULL. */
    void (*outcome)(MvmDirection direction, MvmClipOutcome outcome, const GError *error,
                    void *data);
} MvmEngineOps;

typedef struct MvmEngine MvmEngine;

MvmEngine *mvm_engine_new(const MvmEngineOps *ops, MvmDirection direction, void *data);
void mvm_engine_free(MvmEngine *engine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmEngine, mvm_engine_free)

/* The host's clipboard changed. */
void mvm_engine_host_changed(MvmEngine *engine, const MvmClipOffer *offer);

/* Answers host_read(): bytes (a reference is taken) or error. */
void mvm_engine_host_bytes(MvmEngine *engine, uint64_t generation, MvmClipType type, GBytes *bytes,
                           const GError *error);

/* Somebody on the host pastes a promised type. */
void mvm_engine_host_requested(MvmEngine *engine, uint64_t own_id, MvmClipType type);

/* The ownership ended; error (may be NULL): it could not be had. */
void mvm_engine_host_disowned(MvmEngine *engine, uint64_t own_id, const GError *error);

/* The display server went away, with all that was offered and owned there. */
void mvm_engine_host_gone(MvmEngine *engine);

/* It is back. After a gap of at most MVM_ENGINE_GAP, what was copied in the guest meanwhile
 * crosses. */
void mvm_engine_host_back(MvmEngine *engine);

/* The guest is connected; count is its change count, types what it can take and give. */
void mvm_engine_guest_ready(MvmEngine *engine, uint32_t count, MvmClipTypes types);

/* Before guest_ready(): it is reached in another way than before, and counts otherwise. */
void mvm_engine_guest_renumber(MvmEngine *engine, uint32_t count);

void mvm_engine_guest_changed(MvmEngine *engine, uint32_t count, MvmClipTypes types, bool secret);
void mvm_engine_guest_fetched(MvmEngine *engine, uint32_t count, MvmClipType type, GBytes *bytes,
                              const GError *error);
void mvm_engine_guest_written(MvmEngine *engine, uint32_t count, bool own);

/* The connection ended. blocked: because a read hung. */
void mvm_engine_guest_gone(MvmEngine *engine, bool blocked);

/* The guest was stopped: when it comes back, it is as if for the first time. */
void mvm_engine_guest_forget(MvmEngine *engine);

/* Sends or fetches what is there now, once both sides are there; outcome() tells how it went. Rule
 * 1 does not apply, nor the direction. */
void mvm_engine_push(MvmEngine *engine);
void mvm_engine_pull(MvmEngine *engine);

/* Whether what is copied in the guest is not read now, because a read was blocked. */
bool mvm_engine_is_blocked(const MvmEngine *engine);

/* Copies that reached the other side. */
uint64_t mvm_engine_get_sent(const MvmEngine *engine);
uint64_t mvm_engine_get_received(const MvmEngine *engine);
