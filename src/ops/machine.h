/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which machine is meant, and what there is to know of it. */
#pragma once

#include "ops/context.h"
#include "ops/guest-address.h"
#include "util/lock.h"
#include "virt/domain-list.h"
#include "virt/domain.h"
#include "xml/xml.h"

/* The machine that a command without a name means: the only one there is, else "macos". A given
 * name is taken as it is. The caller frees. */
char *mvm_machine_pick(const MvmContext *context, const char *given, GError **error);

/* What changes the connection's machine called name, defined or not and whatever that name is,
 * holds this: one at a time on this machine. Against others libvirt's own checks have to do. */
MvmLock *mvm_machine_lock(const MvmContext *context, const char *name, GError **error);

/* Whether the machine is off; if not, MVM_ERROR_CONFLICT: "cannot <verb> ...", with its state in
 * *ret_state (may be NULL). */
bool mvm_machine_check_off(MvmDomain *domain, const char *verb, MvmState *ret_state,
                           GError **error);

/* One disk of a machine. */
typedef struct {
    const char *role;    /* "opencore", "recovery", "system", "other"; static */
    char *volume;        /* owned; NULL when it is no volume of an active pool */
    char *path;          /* on the libvirt host; owned, or NULL (an empty drive) */
    char *format;        /* owned, or NULL */
    bool sized;          /* the two below are known */
    uint64_t capacity;   /* bytes that the guest sees */
    uint64_t allocation; /* bytes on the host's disk */
} MvmDiskInfo;

typedef struct {
    MvmDomainInfo *info;  /* owned */
    bool managed;         /* macvm defined it */
    bool copy;            /* of another machine, whose port and identity it still has */
    bool saved;           /* a saved state waits for the next start */
    MvmGuestAddress *ssh; /* where its ssh server is; owned, or NULL: not known */
    char *ssh_trouble;    /* why ssh does not lead to it, in a sentence; owned, or NULL */
    bool ssh_reachable;
    int64_t uptime; /* seconds; -1: not running, or not known */
    bool clip_running;
    char *uri;        /* owned; the connection */
    char *host;       /* owned; its libvirt host, which addresses are seen from; NULL: this one */
    char *screen;     /* "vnc://127.0.0.1:5900" on the libvirt host; owned, or NULL */
    char *last_error; /* what QEMU said last, after a failure; owned, or NULL */
    GPtrArray *disks; /* MvmDiskInfo; owned */
} MvmMachineStatus;

void mvm_machine_status_free(MvmMachineStatus *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmMachineStatus, mvm_machine_status_free)

/* All of the machine called name. What cannot be found out is left empty; only a machine that is
 * not there, or a connection that breaks, is a failure. Waits up to two seconds for the greeting of
 * a running guest's ssh server. */
MvmMachineStatus *mvm_machine_status(const MvmContext *context, const char *name, GError **error);
