/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine that virt-clone or virt-manager copied of another: UUID and disks are its own, but its
 * metadata, its forwarded port, its card's address in QEMU's arguments, and who its OpenCore disk
 * says it is, are still the other's. The next define makes them its own.
 */
#pragma once

#include "ops/define-current.h"

/* Makes of current, a copy with its last rendering, what it would be if macvm had rendered it with
 * the disks and the card that it has now, so that the merge tells only what the user edited. What
 * is another's is forgotten: port, identity, images that the two share and macvm makes anew. */
void mvm_current_adopt(MvmCurrent *current);
