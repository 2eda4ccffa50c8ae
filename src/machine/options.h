/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a user can ask of a machine, in so many words: the options of `define` and `set`, the keys
 * of the group [machine] in macvm.conf and the <macvm:option> elements of a domain's metadata are
 * all this one table. Values stay text, checked when they come in; machine.h makes numbers of them.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    MVM_OPTION_OS,
    MVM_OPTION_MEMORY,
    MVM_OPTION_CORES,
    MVM_OPTION_THREADS,
    MVM_OPTION_SOCKETS,
    MVM_OPTION_CPU,
    MVM_OPTION_ACCEL,
    MVM_OPTION_DISK_SIZE,
    MVM_OPTION_POOL,
    MVM_OPTION_SSH_PORT,
    MVM_OPTION_SSH_USER,
    MVM_OPTION_NETWORK,
    MVM_OPTION_VIDEO,
    MVM_OPTION_GRAPHICS,
    MVM_OPTION_FIRMWARE,
    MVM_OPTION_RESOLUTION,
    MVM_OPTION_BOOT_ARGS,
    MVM_OPTION_VERBOSE_BOOT,
    MVM_OPTION_RECOVERY,
    MVM_OPTION_PICKER_TIMEOUT,
    MVM_OPTION_CSR,
    MVM_OPTION_AUTOSTART,
    MVM_OPTION_COUNT,
} MvmOption;

typedef struct {
    char *value[MVM_OPTION_COUNT]; /* owned; NULL: not asked for */
} MvmOptions;

typedef struct {
    const char *name; /* "disk-size" */
    const char *arg;  /* "SIZE"; "on|off": one of these; NULL for a flag */
    const char *help;
    bool live; /* takes effect on a running machine; else at its next start */
} MvmOptionInfo;

/* The row of option; static. */
const MvmOptionInfo *mvm_option_info(MvmOption option);

/* The option called name, or MVM_OPTION_COUNT. */
MvmOption mvm_option_find(const char *name);

MvmOptions *mvm_options_new(void);
MvmOptions *mvm_options_copy(const MvmOptions *options);
void mvm_options_free(MvmOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmOptions, mvm_options_free)

/* Checks text and keeps its normal form ("sonoma" becomes "14"). Fails with MVM_ERROR_USAGE, for an
 * unknown macOS version with MVM_ERROR_NOT_FOUND; the old value then stays. */
bool mvm_options_set(MvmOptions *options, MvmOption option, const char *text, GError **error);

/* Takes every value that over has. */
void mvm_options_overlay(MvmOptions *options, const MvmOptions *over);
