/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's state; for engine*.c alone. */
#pragma once

#include "clip/engine.h"

/* A copy on its way from host to guest. */
typedef struct {
    MvmClipContent *content; /* a reference; grows while it is read; NULL: none */
    uint64_t generation;     /* of the host's clipboard; 0: not read from there (a clear) */
    MvmClipTypes unread;     /* types that host_read() was asked for */
    bool secret;             /* read only to know it again */
    bool forced;             /* mvm_engine_push() asked for it: what comes instead is pushed, too */
    GError *failure;         /* owned; of the first type that could not be read, or NULL */
} MvmOutgoing;

struct MvmEngine {
    MvmEngineOps ops;
    void *data;
    MvmDirection direction;
    uint64_t sent, received;
    bool push_wanted, pull_wanted;

    /* Host: what it offers, when somebody else owns its clipboard. */
    bool host_gone; /* there is no display */
    int64_t host_left_at;
    bool host_seen; /* an offer has come */
    uint64_t generation;
    MvmClipTypes host_types;
    bool host_secret;
    bool host_unsent; /* it came while the guest was away */
    int64_t host_changed_at;

    /* Host to guest. */
    MvmOutgoing out;        /* being read, or read and waiting for flying */
    MvmClipContent *flying; /* a reference; given to guest_write(), no answer yet */
    uint64_t flying_generation;
    bool flying_forced;

    /* Guest. */
    bool guest_here, guest_known;
    uint32_t guest_count; /* the last change that was dealt with */
    bool guest_unseen;    /* it changed while the host was away */
    uint32_t guest_unseen_count;
    MvmClipTypes guest_types;
    int64_t guest_left_at, blocked_until;

    /* Guest to host. */
    bool fetching;     /* the text that decides about fetch_types */
    bool fetch_forced; /* mvm_engine_pull() asked for it: so it does for what comes instead */
    uint32_t fetch_count;
    MvmClipTypes fetch_types;
    uint64_t own_id; /* 0: the host's clipboard is not ours */
    uint32_t own_count;
    MvmClipTypes requested; /* promised types that are being fetched for a paste */

    /* What crossed last: the belt against echoes. */
    MvmClipContent *last; /* a reference, or NULL */
    MvmClipTypes last_types;
    bool last_from_host, host_has_last, guest_has_last;
    char *origin_prefix; /* owned; unique to this engine */

    uint8_t secret_key[32];
    char *secret_mac; /* owned; of the last text that was marked, or NULL */
    int64_t secret_until;
    int64_t secret_echo_until; /* until then, what the host copies is taken for a secret that could
                                  not be read */
};

void mvm_engine_tell(MvmEngine *engine, MvmDirection direction, MvmClipOutcome outcome,
                     const GError *error);

/* Remembers content (a reference is taken) as what crossed last; types may be more than it holds:
 * those promised. */
void mvm_engine_set_last(MvmEngine *engine, MvmClipContent *content, MvmClipTypes types,
                         bool from_host);

/* True when content of those types is what crossed last: no byte differs, and no type is new. */
bool mvm_engine_is_last(const MvmEngine *engine, const MvmClipContent *content, MvmClipTypes types);

/* engine-out.c */
void mvm_engine_out_start(MvmEngine *engine);
void mvm_engine_out_clear(MvmEngine *engine);
void mvm_engine_out_drop(MvmEngine *engine);
void mvm_engine_out_miss_secret(MvmEngine *engine);
void mvm_engine_out_send(MvmEngine *engine);
void mvm_engine_out_free(MvmOutgoing *out);

/* engine-in.c */
void mvm_engine_in_drop(MvmEngine *engine);
void mvm_engine_in_overtake(MvmEngine *engine);
