/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeps a guest connected: starts the connection again when it ends, waits longer each time, falls
 * back from osascript to pbcopy, rests while the machine does, and gives up for good when it must
 * not go on.
 */
#pragma once

#include "clip/guest.h"

#define MVM_LINK_RETRY_MIN_MS 1000
#define MVM_LINK_RETRY_MAX_MS 30000
#define MVM_LINK_STABLE_US (30 * G_USEC_PER_SEC) /* up so long, the next retry is quick again */

/* Where osascript said nothing in time and pbcopy is used, it is tried anew: perhaps the guest was
 * just starting. Twice as long after each time. */
#define MVM_LINK_UPGRADE_MIN_MS (2 * 60 * 1000)
#define MVM_LINK_UPGRADE_MAX_MS (32 * 60 * 1000)

typedef struct MvmLink MvmLink;

/* None is called from within a function of this interface. ready to presence: see MvmGuestEvents;
 * they come between ready() and down(). */
typedef struct {
    void (*ready)(const MvmGuestHello *hello, void *data);
    void (*changed)(uint32_t count, MvmClipTypes types, bool secret, void *data);
    void (*fetched)(uint32_t count, MvmClipType type, GBytes *bytes, const GError *error,
                    void *data);
    void (*written)(uint32_t count, bool own, void *data);
    void (*presence)(bool absent, void *data);
    /* The guest is gone; the link goes on trying unless it rests. */
    void (*down)(MvmGuestEnd end, const GError *error, void *data);
    /* A try failed; the next one follows. */
    void (*failed)(const GError *error, void *data);
    /* The link has given up: the host key changed, or ssh was never let in, or is not installed. */
    void (*dead)(const GError *error, void *data);
} MvmLinkEvents;

/* Takes target. It rests until mvm_link_resume(). */
MvmLink *mvm_link_new(MvmSshTarget *target, GMainContext *context, const MvmLinkEvents *events,
                      void *data);
void mvm_link_free(MvmLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmLink, mvm_link_free)

/* The machine is stopped or paused: disconnects. Returns whether it was connected; down() does not
 * follow. */
bool mvm_link_pause(MvmLink *link);

/* The machine runs: connects, at once, unless it is connected. */
void mvm_link_resume(MvmLink *link);

/* The first wait before osascript is tried anew, in place of MVM_LINK_UPGRADE_MIN_MS. */
void mvm_link_set_upgrade(MvmLink *link, unsigned ms);

/* The connected guest, borrowed, or NULL. */
MvmGuest *mvm_link_get_guest(const MvmLink *link);
