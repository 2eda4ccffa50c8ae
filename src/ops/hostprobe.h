/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What test machines (virt/probe.h) found out about a host, kept in the data directory: a file a
 * connection, which anybody may delete. An answer "it works" is kept until QEMU or libvirt change,
 * or a start fails on that host; how old a refusal may be, the caller decides, because a package or
 * a kernel module that is added changes no version.
 */
#pragma once

#include "ops/context.h"
#include "virt/caps.h"
#include "virt/probe.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* How old a kept refusal may be, in seconds: always ask again; recent enough that a second command
 * does not repeat what the first has just found out; any age, where nothing is decided. */
#define MVM_REFUSAL_ASK_AGAIN 0
#define MVM_REFUSAL_RECENT 60
#define MVM_REFUSAL_ANY INT64_MAX

/* Gets *ret_probe, in which question is answered: as it was kept, or as it is asked now. The caller
 * frees. Fails when it has to be asked now and that is not possible. */
bool mvm_hostprobe_ask(const MvmContext *context, const MvmHost *host, MvmProbeQuestion question,
                       int64_t max_refusal_age, MvmProbe **ret_probe, GError **error);

/* Asks everything now and keeps the answers. The caller frees. */
MvmProbe *mvm_hostprobe_refresh(MvmConnection *conn, const MvmHost *host, GError **error);

/* Forgets what is known of conn's host, which turned out not to be what it was. */
void mvm_hostprobe_forget(MvmConnection *conn);
