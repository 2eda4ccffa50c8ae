/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `macvm clip`: whose clipboard is shared, and speaking to the agent that does it. Running one is
 * clip-run.h, starting one in the background clip-daemon.h.
 *
 * An agent is found by its files in the runtime directory: clip-KEY.lock, which it holds while it
 * lives, clip-KEY.sock and clip-KEY.log. KEY is the machine's UUID, or the ssh destination.
 */
#pragma once

#include "clip/ssh.h"
#include "ops/context.h"
#include "virt/domain.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The other side of the clipboard. */
typedef struct {
    char *name;           /* for people: the machine's, or the destination */
    char *key;            /* see above */
    MvmSshTarget *target; /* owned */
    MvmDomain *domain;    /* owned; NULL for any Mac */
    bool stuck;           /* a thread uses the domain's connection until the process ends */
} MvmClipPeer;

/* The machine called name, reached by its forwarded port. Its connection must outlive the peer.
 * MVM_ERROR_NOT_FOUND when there is no such machine, or it is not known where it is. */
MvmClipPeer *mvm_clip_peer_from_machine(const MvmContext *context, const char *name,
                                        GError **error);

/* Any Mac that ssh reaches: "[USER@]HOST[:PORT]". Needs no libvirt. MVM_ERROR_USAGE when it is not
 * written so. */
MvmClipPeer *mvm_clip_peer_from_ssh(const char *destination, GError **error);

/* The peer of a running agent by its machine's name, and by the URI that it was started with (NULL:
 * none): for mvm_clip_status() and mvm_clip_stop() alone, which need no libvirt then. NULL when
 * there is no such agent. */
MvmClipPeer *mvm_clip_peer_find(const char *uri, const char *name);

void mvm_clip_peer_free(MvmClipPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmClipPeer, mvm_clip_peer_free)

/* "macvm -c URI clip ACTION NAME" for that machine, words quoted; "macvm clip ACTION" for any Mac,
 * whom the user named. The caller frees. */
char *mvm_clip_peer_command(const MvmClipPeer *peer, const char *action);

/* Path of the agent's file with that suffix ("sock", "log"); the caller frees. */
char *mvm_clip_peer_get_path(const MvmClipPeer *peer, const char *suffix);

/* The name of the lock that the agent has (util/lock.h); the caller frees. */
char *mvm_clip_peer_get_lock(const MvmClipPeer *peer);

typedef struct {
    bool running, connected;
    int64_t pid;             /* 0: not running */
    uint64_t sent, received; /* copies that reached the other side */
    /* Owned, or NULL. */
    char *backend; /* "x11", "wayland-ext", "wayland-wlr" */
    char *reason;  /* why that one */
    char *agent;   /* in the guest: "osascript" or "pbcopy" */
    char *trouble; /* what is wrong now */
} MvmClipStatus;

/* What the peer's agent says of itself. That none is running is no failure. */
bool mvm_clip_status(const MvmClipPeer *peer, MvmClipStatus *ret_status, GError **error);
void mvm_clip_status_clear(MvmClipStatus *status);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmClipStatus, mvm_clip_status_clear)

/* Ends the peer's agent and waits until it is gone. MVM_ERROR_CONFLICT when none is running. */
bool mvm_clip_stop(const MvmClipPeer *peer, GError **error);

/* Has the running agent "push" or "pull" once. *ret_running is false, and nothing else is done,
 * when none is running. */
bool mvm_clip_ask(const MvmClipPeer *peer, const char *word, bool *ret_running, GError **error);
