/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the connection's host can run a version of macOS, by its profile (machine/os.h): told
 * before anything is fetched or defined, with the nearest version that works there.
 */
#pragma once

#include "machine/machine.h"
#include "ops/context.h"
#include "virt/caps.h"

#include <stdbool.h>

/* Asks host for its CPU with machine->kvm, gives machine the CPU of its profile and what it must
 * know of the host's versions. A macOS that cannot run there is MVM_ERROR_HOST if strict, else a
 * note. */
bool mvm_oscheck_fit(const MvmContext *context, const MvmHost *host, bool strict,
                     MvmMachine *machine, GError **error);

/* Before media of os is fetched for a machine with accel ("kvm" or "tcg"; NULL: either would do,
 * and KVM alone that cannot is a note). Fails with MVM_ERROR_HOST when no such machine could run it
 * there; with only_warn that is a note too. A host that tells nothing of itself yet is no obstacle.
 */
bool mvm_oscheck_media(const MvmContext *context, const MvmOs *os, const char *accel,
                       bool only_warn, GError **error);
