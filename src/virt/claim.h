/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whose is this file? libvirt overwrites and deletes a file that a machine uses, even a running
 * one, without a word. Whoever deletes, replaces, resizes or takes over an image or an NVRAM asks
 * here first. What counts:
 *   - every domain of the connection: what it runs with, its definition, its saved state and its
 *     snapshots, wherever they name the file (disks and their backing files, cdroms, floppies,
 *     firmware and NVRAM, kernels, file systems, raw arguments);
 *   - a machine that was migrated away: its files are in use on another host;
 *   - images that are based on the file, over any number of steps;
 *   - QEMU's own lock, which another host of the same storage may hold.
 * The file is known by its path, and on this machine by what it is: a link has other names.
 */
#pragma once

#include "virt/pool.h"

#include <glib.h>
#include <stdbool.h>

typedef enum {
    MVM_CLAIM_NONE,
    MVM_CLAIM_RUNS,     /* a machine runs with it */
    MVM_CLAIM_AWAY,     /* the machine that asks was migrated to another host */
    MVM_CLAIM_DEFINED,  /* a machine's definition names it */
    MVM_CLAIM_SAVED,    /* a machine's saved state goes on with it */
    MVM_CLAIM_SNAPSHOT, /* a machine's snapshot needs it */
    MVM_CLAIM_BASE,     /* another image is based on it */
    MVM_CLAIM_LOCKED,   /* a program has it open that is no machine of this connection */
} MvmClaimKind;

typedef struct {
    MvmClaimKind kind;
    char *owner; /* of the machine or the volume; owned, NULL for NONE and LOCKED */
    char *pool;  /* of the volume that is based on it; owned, or NULL */
} MvmClaim;

void mvm_claim_clear(MvmClaim *claim);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmClaim, mvm_claim_clear)

typedef struct {
    const char *except; /* the machine that asks: what it has while it is off is its own; or NULL */
    bool running_only;  /* only what is in use now counts */
    int fd;             /* the file, opened by the caller, whose own locks do not count; -1: none */
} MvmClaimScope;

#define MVM_CLAIM_SCOPE_ANYBODY ((MvmClaimScope){.fd = -1})

/* Who claims the file at path on the libvirt host, in a pool or not. */
bool mvm_claim_find(MvmConnection *conn, const char *path, const MvmClaimScope *scope,
                    MvmClaim *ret_claim, GError **error);

/* The same for a volume of the pool. MVM_ERROR_NOT_FOUND when there is none. */
bool mvm_claim_find_volume(MvmPool *pool, const char *name, const MvmClaimScope *scope,
                           MvmClaim *ret_claim, GError **error);

/* Whether the file is in use where no question to this connection reaches. */
bool mvm_claim_is_elsewhere(const MvmClaim *claim);

/* True for MVM_CLAIM_NONE; otherwise false with MVM_ERROR_CONFLICT: cannot <verb> <what> '<name>',
 * with who claims it and what to do. */
bool mvm_claim_check(const MvmClaim *claim, const char *verb, const char *what, const char *name,
                     GError **error);

/* The paths of the NVRAM files of all domains but the one called except (may be NULL), as stored.
 * The caller frees. */
GPtrArray *mvm_claim_list_nvram(MvmConnection *conn, const char *except, GError **error);
