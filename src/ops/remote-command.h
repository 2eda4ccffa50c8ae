/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that runs beside a wait, such as the ssh that asks a guest to shut down. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct MvmRemoteCommand MvmRemoteCommand;

/* Starts argv (NULL-terminated, found through PATH) with nothing on its stdin; what it prints is
 * not shown. NULL when it cannot be started. */
MvmRemoteCommand *mvm_remote_command_start(const char *const *argv);

/* Ends it when it still runs. */
void mvm_remote_command_free(MvmRemoteCommand *command);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmRemoteCommand, mvm_remote_command_free)

typedef enum { MVM_COMMAND_RUNS, MVM_COMMAND_SUCCEEDED, MVM_COMMAND_FAILED } MvmCommandState;

/* Is readable when the program has ended (and stays so) or has something to say; borrowed. */
int mvm_remote_command_get_fd(const MvmRemoteCommand *command);

/* The end of what it has printed so far, errors included; borrowed. */
const char *mvm_remote_command_get_output(const MvmRemoteCommand *command);

/* Takes what there is to read, and returns how the program is. One that prints more than 1 MiB is
 * ended. */
MvmCommandState mvm_remote_command_check(MvmRemoteCommand *command);
