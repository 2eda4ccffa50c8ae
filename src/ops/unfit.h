/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a defined machine has and its host no longer has: after an update of QEMU, on another host.
 */
#pragma once

#include "virt/caps.h"

#include <glib.h>
#include <libxml/tree.h>

/* Owned; NULL for what the host has, and for what nobody can know. */
typedef struct {
    char *machine;     /* machine type, "pc-q35-2.3" */
    char *new_machine; /* what takes its place; NULL: none does */
    char *emulator;    /* path */
    char *loader;      /* path of the firmware's code */
    char *cpu;         /* model */
} MvmUnfit;

/* Compares the domain doc with host, which is that of conn. */
void mvm_unfit_find(MvmConnection *conn, const MvmHost *host, xmlDoc *doc, MvmUnfit *ret_unfit);

/* Gives doc what takes the place of the machine type and the emulator, and adds a sentence on each
 * to sentences. */
void mvm_unfit_move(const MvmUnfit *unfit, xmlDoc *doc, GPtrArray *sentences);

/* "machine type 'pc-q35-2.3', CPU model 'x'"; NULL when the host has all of it. The caller frees.
 */
char *mvm_unfit_describe(const MvmUnfit *unfit);

void mvm_unfit_clear(MvmUnfit *unfit);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmUnfit, mvm_unfit_clear)
