/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest's pasteboard over one ssh connection, as the sync engine sees it. There are two ways to
 * it: the agent under osascript (guest-osascript.c), which has all types and is told of changes
 * at once, and pbcopy and pbpaste (guest-pbcopy.c), text only, for a guest where osascript does
 * not answer.
 *
 * A guest lives from one connection to its end. Its change count names what is on the pasteboard
 * now: it grows with each change and is only compared for equality.
 */
#pragma once

#include "clip/content.h"
#include "clip/ssh.h"

#define MVM_GUEST_HELLO_MS 10000    /* from the start of ssh to the agent's first word */
#define MVM_GUEST_SILENCE_MS 5000   /* longest wait for the next byte of an answer */
#define MVM_GUEST_IMPATIENT_MS 1000 /* the same, once a write waits behind a read */

typedef enum {
    MVM_GUEST_RENEW,    /* the agent ended on purpose: connect again at once */
    MVM_GUEST_SILENT,   /* connected, but there is no such agent or it says nothing */
    MVM_GUEST_BLOCKED,  /* a read hangs: macOS may be asking its user for permission */
    MVM_GUEST_LOST,     /* the connection broke, or the agent misbehaved */
    MVM_GUEST_REFUSED,  /* it cannot be reached now */
    MVM_GUEST_AUTH,     /* ssh may not log in */
    MVM_GUEST_HOST_KEY, /* it is not the machine that it was */
} MvmGuestEnd;

typedef struct {
    uint32_t count;     /* the change count now */
    MvmClipTypes types; /* what it can take and give */
    const char *agent;  /* "osascript" or "pbcopy" */
    bool absent;        /* the ssh user is not the one at the screen: nobody sees this pasteboard */
    bool denied;        /* macOS is set to refuse every read */
} MvmGuestHello;

/* None is called from within a function of the interface below; each may free the guest. */
typedef struct {
    void (*ready)(const MvmGuestHello *hello, void *data);
    /* Somebody in the guest copied. types may be 0; secret: it must not be read. */
    void (*changed)(uint32_t count, MvmClipTypes types, bool secret, void *data);
    /* Answers mvm_guest_fetch(), in order: bytes (borrowed) or error. MVM_ERROR_CONFLICT: the
     * pasteboard has changed since. MVM_ERROR_NOT_FOUND: no such type. MVM_ERROR_FAILED: too big,
     * not UTF-8. */
    void (*fetched)(uint32_t count, MvmClipType type, GBytes *bytes, const GError *error,
                    void *data);
    /* Answers mvm_guest_write(). own is false when somebody else wrote at the same time. */
    void (*written)(uint32_t count, bool own, void *data);
    /* The user at the screen changed. */
    void (*presence)(bool absent, void *data);
    /* The last one. error is borrowed and says what happened; NULL for MVM_GUEST_RENEW. */
    void (*gone)(MvmGuestEnd end, const GError *error, void *data);
} MvmGuestEvents;

typedef struct MvmGuest MvmGuest;

/* Starts ssh to target (borrowed until the guest is freed) and there osascript with the text of
 * templates/guest-agent.js. */
MvmGuest *mvm_guest_new_osascript(const MvmSshTarget *target, GMainContext *context,
                                  const MvmGuestEvents *events, void *data, GError **error);

/* Starts ssh to target and there a loop around pbpaste. */
MvmGuest *mvm_guest_new_pbcopy(const MvmSshTarget *target, GMainContext *context,
                               const MvmGuestEvents *events, void *data, GError **error);

/* Ends the connection; no event follows. */
void mvm_guest_free(MvmGuest *guest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmGuest, mvm_guest_free)

/* Replaces the pasteboard's content; an empty content clears it. A reference is kept until
 * written(). One at a time: the caller waits for written() or cancels.
 * Fails with MVM_ERROR_FAILED when this guest cannot take this content; no event follows then. */
bool mvm_guest_write(MvmGuest *guest, MvmClipContent *content, GError **error);

/* Takes a write back that has not been committed; false when it is too late, or nothing is being
 * written. No written() follows when it returns true. */
bool mvm_guest_cancel(MvmGuest *guest);

/* Asks for the bytes of one type of the content with that count. */
void mvm_guest_fetch(MvmGuest *guest, uint32_t count, MvmClipType type);

/* Has changed() called unless the change count is still count. */
void mvm_guest_report(MvmGuest *guest, uint32_t count);

/* "public.utf8-plain-text" and so on. Static storage. */
const char *mvm_guest_type_name(MvmClipType type);
