/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * QEMU's command line, read for what a machine of macvm has: memory, CPUs, disks, firmware, network
 * card, ssh port, OSK. https://www.qemu.org/docs/master/system/invocation.html
 */
#pragma once

#include "import/source.h"

/* The values of one option ("id=net0,mac=..."), a doubled comma being one of the value. */
typedef struct {
    GPtrArray *pairs; /* char *: key, value, key, value; a word without '=' is a value without key
                         (""); owned */
} MvmQemuValues;

void mvm_qemu_values_init(MvmQemuValues *values, const char *text);
void mvm_qemu_values_clear(MvmQemuValues *values);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmQemuValues, mvm_qemu_values_clear)

/* The last value of key ("" for the word that stands first without one), borrowed, or NULL. */
const char *mvm_qemu_values_get(const MvmQemuValues *values, const char *key);

/* Takes over what words (char *, NULL for one that nobody knows) say. */
void mvm_import_qemu_args(MvmImportSource *source, const GPtrArray *words);

/* A value of -drive. */
void mvm_import_qemu_drive(MvmImportSource *source, const char *text);

/* A disk at path, which the source calls id ("" when it does not): for the boot loader, the system,
 * or left out. */
void mvm_import_disk(MvmImportSource *source, const char *id, const char *path);
