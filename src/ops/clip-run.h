/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Being a clipboard agent: the part of `macvm clip` that stays. */
#pragma once

#include "clip/agent.h"
#include "ops/clip.h"

typedef struct {
    MvmAgentTask task;
    MvmDirection direction;
    const char *backend; /* NULL: choose */
    const char *uri;     /* see mvm_clip_peer_find(); may be NULL */
    bool verbose;
} MvmClipOptions;

/* Both are called from the agent's thread. */
typedef struct {
    /* See MvmAgentEvents. */
    void (*settled)(const GError *error, void *data);
    void (*log)(const char *line, void *data);
    void *data;
} MvmClipListener;

/* Fails with MVM_ERROR_CONFLICT when peer has an agent that stays. */
bool mvm_clip_check_free(const MvmClipPeer *peer, GError **error);

/* Runs the agent for peer until it is stopped, interrupted or done. Takes the peer's target, and
 * sets peer->stuck when a thread is left behind that waits for libvirt. MVM_ERROR_CONFLICT when
 * another one is running for this peer; MVM_ERROR_HOST without a display.
 */
bool mvm_clip_run(MvmClipPeer *peer, const MvmClipOptions *options, const MvmClipListener *listener,
                  GError **error);
