/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * QEMU's log of a machine. libvirt has no call for it: the file is read where the daemon writes it,
 * over ssh on another host. QEMU's command line is in it, and so is the OSK: that is blotted out.
 */
#pragma once

#include "ops/context.h"
#include "virt/domain.h"

#include <stdint.h>

typedef struct {
    int lines;   /* from the end */
    bool follow; /* go on until Ctrl-C */
} MvmLogOptions;

/* Calls line for each line, without its newline, until it returns false. MVM_ERROR_NOT_FOUND when
 * there is no log yet, MVM_ERROR_HOST when it may not be read. While following, Ctrl-C is the
 * regular end. */
bool mvm_log_read(const MvmContext *context, const char *name, const MvmLogOptions *options,
                  bool (*line)(const char *text, void *opaque), void *opaque, GError **error);

/* The last complaint of QEMU in the log of a machine, or NULL. The caller frees. */
char *mvm_log_last_error(MvmDomain *domain);

/* Seconds since the machine's QEMU was started, by the time that libvirt wrote into its log then
 * (libvirt has no call for it); -1 when the log cannot be read or does not reach back that far. The
 * clocks of the two hosts should agree. */
int64_t mvm_log_uptime(MvmDomain *domain);
