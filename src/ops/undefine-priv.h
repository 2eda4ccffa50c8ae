/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What undefine deletes (undefine-volumes.c), and doing it (undefine.c). */
#pragma once

#include "ops/undefine.h"
#include "virt/domain.h"
#include "virt/pool.h"

typedef struct {
    const MvmContext *context;
    const MvmUndefineRequest *request;
    MvmPool *pool;    /* owned; NULL: it no longer has one */
    GPtrArray *names; /* of volumes in pool, in the order of their deletion; owned */
    GPtrArray *media; /* likewise: what the machine shares with others */
    unsigned deleted;
} MvmUndefineWork;

/* Opens the pool of the machine that is there, and fills names and media. */
bool mvm_undefine_find_volumes(MvmUndefineWork *work, MvmDomain *domain, GError **error);

/* The same for a machine that is gone: what define would have made in the pool. */
bool mvm_undefine_find_leftovers(MvmUndefineWork *work, GError **error);
