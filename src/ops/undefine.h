/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Forgetting a machine. */
#pragma once

#include "ops/context.h"

/* Undefines the machine called name, with its NVRAM, saved state and snapshots' metadata.
 * remove_storage: first deletes its images in its pool, and the recovery they are based on, except
 * for what another machine uses (told by a note); interrupted, the same call goes on.
 * MVM_ERROR_CONFLICT when the machine runs, MVM_ERROR_NOT_FOUND when macvm did not define it. */
bool mvm_machine_undefine(const MvmContext *context, const char *name, bool remove_storage,
                          GError **error);
