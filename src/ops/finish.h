/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The end of an installation: the machine no longer has Apple's recovery as a disk, so that no
 * restart can begin the installer again, and the system disk follows right behind OpenCore.
 *
 * What remembers it is the machine option "recovery" ("off"), as `set --recovery off` would: no
 * later define brings the disk back, and `set --recovery on` does.
 */
#pragma once

#include "ops/context.h"
#include "virt/domain.h"

#include <stdbool.h>

typedef struct {
    bool changed; /* false: it was finished before */
    bool had;     /* it had a recovery disk; otherwise only that none is to come is new */
    bool running; /* it runs, with the recovery disk until its next start */
} MvmFinishResult;

/* remove_media: deletes the recovery image as well (recovery-OS.img, which machines share), unless
 * another machine needs it; that is told by a note. Fails as mvm_define() does for a machine that
 * is there, and with MVM_ERROR_NOT_FOUND when it is not. */
bool mvm_finish(const MvmContext *context, const char *name, bool remove_media,
                MvmFinishResult *ret_result, GError **error);

/* Deletes what a finished machine wrote over its recovery, once nothing runs with it, nor would run
 * with it again from a saved state. Never fails: what cannot be deleted now, the next call may. */
void mvm_finish_clean(const MvmContext *context, MvmDomain *domain);

/* For a running machine whose ssh answers: when that is macOS (it logs in without a question and
 * uname says Darwin), and the machine has its recovery still, and nobody asked for it
 * (`--recovery`), finishes it; told by a note. Never fails. */
void mvm_finish_if_installed(const MvmContext *context, MvmDomain *domain,
                             const MvmMetadata *metadata);
