/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * QEMU's command line, read for what a machine of macvm has: memory, CPUs, disks, firmware, network
 * card, ssh port, screen, OSK. https://www.qemu.org/docs/master/system/invocation.html
 *
 * What is consumed by name is taken, or is what the machine has as well; the rest of an argument is
 * left, by name and value, by whoever read it (mvm_qemu_values_leave()).
 */
#pragma once

#include "import/source.h"

typedef struct {
    char *key; /* "" for the word that stands first without one */
    char *value;
    bool used;
} MvmQemuValue;

/* The values of one option ("id=net0,mac=..."), a doubled comma being one of the value. A word
 * without '=' behind the first is "on", as for QEMU. */
typedef struct {
    const char *flag; /* borrowed: "-device" */
    GPtrArray *list;  /* MvmQemuValue; owned */
} MvmQemuValues;

void mvm_qemu_values_init(MvmQemuValues *values, const char *flag, const char *text);
void mvm_qemu_values_clear(MvmQemuValues *values);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmQemuValues, mvm_qemu_values_clear)

/* The last value of key, borrowed, or NULL. take: it counts as used. */
const char *mvm_qemu_values_get(const MvmQemuValues *values, const char *key);
const char *mvm_qemu_values_take(MvmQemuValues *values, const char *key);

/* Uses key where its value is value, which the machine has as well; any value for NULL: names by
 * which the arguments find each other. */
void mvm_qemu_values_same(MvmQemuValues *values, const char *key, const char *value);

/* Leaves what was not used, in one line. */
void mvm_qemu_values_leave(const MvmQemuValues *values, MvmImportSource *source);

/* What can be decided only at the end of the command line. */
typedef struct {
    MvmImportSource *source; /* borrowed */
    bool prefers_sockets;    /* the machine is one of before QEMU 6.2 */
    GPtrArray *netdevs;      /* char *: values of -netdev; owned */
    char *netdev;            /* that the first card has; owned */
    bool has_card;
    char *flash[2]; /* the first two drives for the firmware; owned */
    bool flash_readonly[2];
} MvmQemuReader;

/* Takes over what words (MvmShellWord) say. */
void mvm_import_qemu_args(MvmImportSource *source, const GPtrArray *words);

/* One option each. */
void mvm_qemu_read_memory(MvmQemuReader *reader, const char *text);
void mvm_qemu_read_smp(MvmQemuReader *reader, const char *text);
void mvm_qemu_read_cpu(MvmQemuReader *reader, const char *text);
void mvm_qemu_read_device(MvmQemuReader *reader, const char *text);
void mvm_qemu_read_drive(MvmQemuReader *reader, const char *text);
void mvm_qemu_read_net(MvmQemuReader *reader, const char *text);
void mvm_qemu_read_nic(MvmQemuReader *reader, const char *text);
void mvm_qemu_read_smbios(MvmQemuReader *reader, const char *text);

/* The card of -device driver. */
void mvm_qemu_read_card(MvmQemuReader *reader, MvmQemuValues *values, const char *driver);

/* Which network the card has, and which drive the firmware is. */
void mvm_qemu_finish_net(MvmQemuReader *reader);
void mvm_qemu_finish_drives(MvmQemuReader *reader);

/* Whether macvm's CPU has the feature as well; without "+" and "=on". */
bool mvm_import_cpu_has(const char *feature);
