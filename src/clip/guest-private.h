/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two kinds of guest share; for guest*.c alone. */
#pragma once

#include "clip/guest.h"
#include "clip/transport.h"

typedef struct {
    bool (*write)(MvmGuest *guest, MvmClipContent *content, GError **error);
    bool (*cancel)(MvmGuest *guest);
    void (*fetch)(MvmGuest *guest, uint32_t count, MvmClipType type);
    void (*report)(MvmGuest *guest, uint32_t count);
    void (*free)(MvmGuest *guest); /* frees what the guest holds, but for itself */
} MvmGuestClass;

/* The first member of each kind. */
struct MvmGuest {
    const MvmGuestClass *klass;
    unsigned refs;              /* the owner's, and one while its callbacks run */
    bool freed;                 /* by its owner */
    const MvmSshTarget *target; /* borrowed */
    GMainContext *context;      /* a reference */
    MvmGuestEvents events;
    void *data;
};

void mvm_guest_init(MvmGuest *guest, const MvmGuestClass *klass, const MvmSshTarget *target,
                    GMainContext *context, const MvmGuestEvents *events, void *data);
void mvm_guest_ref(MvmGuest *guest);
void mvm_guest_unref(MvmGuest *guest);

/* Calls gone(); the guest may be freed afterwards. error may be NULL. */
void mvm_guest_end(MvmGuest *guest, MvmGuestEnd end, const GError *error);

/* What a connection's end means. greeted: the agent had said hello. */
MvmGuestEnd mvm_guest_end_of(MvmTransportEnd end, bool greeted);

/* Checks what came for type: within its cap, and UTF-8 when it is text. */
bool mvm_guest_check_bytes(MvmClipType type, GBytes *bytes, GError **error);

/* Replaces *source by a timer that calls func(data) once in ms; 0: only stops it. */
void mvm_guest_set_timer(MvmGuest *guest, GSource **source, unsigned ms, GSourceFunc func);
