/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Forgetting a machine: the definition first, then its images. Whatever interrupts this leaves
 * images without a machine, never a machine without its disks; the same call finds them again by
 * their names, and so does a later define.
 */
#pragma once

#include "ops/context.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
    const char *name;
    const char *pool;    /* where the images of a machine that is gone are; NULL: where define
                            makes them by default. A machine that is there tells it itself. */
    bool remove_storage; /* its own images in its pool, except for what another machine uses (shown
                            by a note) */
    bool remove_media;   /* the shared recovery that it was installed from, likewise */
    bool drop_saved;     /* the guest's memory in a saved state may be lost */
} MvmUndefineRequest;

/* Undefines the machine, with its NVRAM and snapshots' metadata. MVM_ERROR_CONFLICT when it runs,
 * when another macvm works on it, or when its saved state would be lost without having been agreed
 * to. MVM_ERROR_NOT_FOUND when macvm did not define it, or when there is neither a machine nor,
 * with remove_storage, an image left from one. */
bool mvm_machine_undefine(const MvmContext *context, const MvmUndefineRequest *request,
                          GError **error);

/* Whether a machine of that name is there and has a saved state: what has to be asked before. */
bool mvm_machine_has_saved_state(const MvmContext *context, const char *name);
