/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's clipboard, whatever display system keeps it.
 *
 * A backend watches the clipboard, reads it on request, and owns it on behalf of the guest. It
 * lives in one thread: that which iterates the GMainContext given at its creation. There it
 * attaches a source for its connection; nothing else wakes it, so at rest it costs nothing. Only
 * the creation waits for the display server. Callbacks and completion functions run from the main
 * context, never from within a call of this interface (mvm_clip_backend_free() excepted), and may
 * call everything here; only lost() may free the backend.
 *
 * Generations. Each change of owner counts the generation up at once, which fails all reads of
 * the earlier one. A change alone is reported at once; of those that follow within
 * MVM_CLIP_COALESCE_MS only the last is. What the backend itself owns is never reported.
 */
#pragma once

#include "clip/content.h"

#define MVM_CLIP_COALESCE_MS 15
#define MVM_CLIP_READ_SILENCE_MS 5000 /* default: longest wait for a peer's next step */
#define MVM_CLIP_READ_TOTAL_FACTOR 6  /* one read lasts at most so many times its silence */
#define MVM_CLIP_SERVE_SILENCE_MS                                                                  \
    10000                         /* a reader of ours that is still for so long is dropped         \
                                   */
#define MVM_CLIP_PROMISE_MS 30000 /* a promised type must be provided within this time */

typedef struct MvmClipBackend MvmClipBackend;

/* The clipboard as somebody else owns it. */
typedef struct {
    uint64_t generation; /* for mvm_clip_backend_read(); never 0 */
    MvmClipTypes types;  /* what can be read; 0 when nothing that macvm carries is there */
    bool empty;          /* nobody owns the clipboard: it was cleared, or its owner quit */
    bool quit;           /* with empty: its owner is known to have quit (X11 alone can tell) */
    bool initial;        /* it was there before the backend was created */
    bool secret;         /* a password manager marked it, or what it replaced before that could be
                            reported (with empty: that): do not send it */
    const char *origin;  /* the mark of a macvm content (perhaps our own, copied by a clipboard
                            manager), valid as mvm_clip_origin_is_valid() says, or NULL */
} MvmClipOffer;

typedef struct {
    /* The clipboard changed. offer is valid during the call. */
    void (*changed)(MvmClipBackend *backend, const MvmClipOffer *offer, void *data);
    /* The display server confirmed the ownership that mvm_clip_backend_own() asked for. */
    void (*owned)(MvmClipBackend *backend, uint64_t own_id, void *data);
    /* That ownership ended: somebody else copied (error is NULL), or it could not be had. Not
     * called for one that mvm_clip_backend_own() or _release() ended. */
    void (*disowned)(MvmClipBackend *backend, uint64_t own_id, const GError *error, void *data);
    /* Somebody pastes a promised type, for the first time: answer, now or later, with
     * mvm_clip_backend_provide(). */
    void (*requested)(MvmClipBackend *backend, uint64_t own_id, MvmClipType type, void *data);
    /* The display went away. Called once; no other callback is called after it, and reads fail. The
     * backend is of no more use and is to be freed, here or later. */
    void (*lost)(MvmClipBackend *backend, const GError *error, void *data);
} MvmClipCallbacks;

typedef struct {
    uint64_t changes;   /* of owner, seen */
    uint64_t reports;   /* of them, given to changed() */
    uint64_t reads;     /* that ended with bytes */
    uint64_t failures;  /* reads that ended otherwise */
    uint64_t served;    /* conversions answered with content */
    uint64_t refused;   /* conversions refused or given up */
    unsigned transfers; /* to readers, under way now */
} MvmClipStats;

/* Which display; all NULL means what the environment says. */
typedef struct {
    const char *backend; /* "x11", "wayland-ext", "wayland-wlr", or NULL: choose */
    const char *wayland; /* in place of $WAYLAND_DISPLAY; "" for none */
    const char *x11;     /* in place of $DISPLAY; "" for none */
} MvmClipDisplay;

/* Ends a read: bytes (borrowed; keep a reference) or error. MVM_ERROR_CANCELLED: the clipboard
 * changed or the backend was freed. MVM_ERROR_NOT_FOUND: the type is not offered.
 * MVM_ERROR_FAILED: over its cap, not UTF-8, refused, or too slow. */
typedef void (*MvmClipReadFunc)(MvmClipBackend *backend, MvmClipType type, GBytes *bytes,
                                const GError *error, void *data);

/* Ends mvm_clip_backend_save(): saved tells whether a clipboard manager took the content over. */
typedef void (*MvmClipSavedFunc)(MvmClipBackend *backend, bool saved, void *data);

/* Connects to the user's display and begins to watch. Chosen in this order: ext-data-control,
 * wlr-data-control, X11 (through XWayland where the compositor has neither). The context and
 * callbacks must live as long as the backend. Waits for the server, at most a few seconds.
 * An existing content is reported as the initial one, from the main context.
 * Fails with MVM_ERROR_HOST when there is no display, or not the forced one; MVM_ERROR_USAGE when
 * display->backend is no backend's name. SIGPIPE is ignored from here on, unless the process
 * handles it. */
MvmClipBackend *mvm_clip_backend_new(const MvmClipDisplay *display, GMainContext *context,
                                     const MvmClipCallbacks *callbacks, void *data, GError **error);

/* Ends all reads with MVM_ERROR_CANCELLED and a save with false (their completion functions must
 * not call the backend then), gives up the ownership and disconnects. NULL is allowed. */
void mvm_clip_backend_free(MvmClipBackend *backend);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmClipBackend, mvm_clip_backend_free)

/* "x11", "wayland-ext" or "wayland-wlr". Static storage. */
const char *mvm_clip_backend_get_name(const MvmClipBackend *backend);

/* Why it was chosen, in one clause, for `clip status`. Borrowed. */
const char *mvm_clip_backend_get_reason(const MvmClipBackend *backend);

/* Whether nobody owns the clipboard: then nothing is reported until somebody copies. */
bool mvm_clip_backend_is_empty(const MvmClipBackend *backend);

const MvmClipStats *mvm_clip_backend_get_stats(const MvmClipBackend *backend);

/* Reads type of the given generation's content; done is called exactly once. silence_ms bounds the
 * wait for each step of the owner (0: MVM_CLIP_READ_SILENCE_MS). Text comes as UTF-8. Several
 * reads are served in the order of the calls. */
void mvm_clip_backend_read(MvmClipBackend *backend, uint64_t generation, MvmClipType type,
                           unsigned silence_ms, MvmClipReadFunc done, void *data);

/* Takes the clipboard with content, of which it takes a reference, in place of what it owned.
 * promised are further types, whose bytes the callback requested() asks for. Returns the id of this
 * ownership (never 0); owned() or disowned() follows. */
uint64_t mvm_clip_backend_own(MvmClipBackend *backend, MvmClipContent *content,
                              MvmClipTypes promised);

/* Answers requested(): bytes (a reference is kept, so that the next paste needs no request), or
 * NULL when they cannot be had; the type may then be requested again. Ignored when that ownership
 * has ended, and bytes over the cap count as NULL. */
void mvm_clip_backend_provide(MvmClipBackend *backend, uint64_t own_id, MvmClipType type,
                              GBytes *bytes);

/* Gives up the ownership, if any: the clipboard is empty then. */
void mvm_clip_backend_release(MvmClipBackend *backend);

/* Before exit: asks a clipboard manager to take over what is owned, and serves it for at most
 * timeout_ms; without a manager, done(false) comes at once. One at a time. */
void mvm_clip_backend_save(MvmClipBackend *backend, unsigned timeout_ms, MvmClipSavedFunc done,
                           void *data);
