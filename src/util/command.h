/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The only way macvm runs other programs: an argument vector, never a shell.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* How long a program may take that only reads or looks, in seconds; an ssh that asks for a password
 * waits for its user meanwhile. */
#define MVM_COMMAND_SECONDS 120

/* Runs argv (NULL-terminated, found through PATH) with stdin from /dev/null and waits for it.
 * Returns its stdout (the caller frees), or NULL when it cannot be started or does not exit with 0;
 * then the error ends with the last line it wrote to stderr. It is ended when it writes more than
 * 16 MiB, after MVM_COMMAND_SECONDS, and at Ctrl-C (MVM_ERROR_CANCELLED).
 * A missing program gives MVM_ERROR_HOST. */
char *mvm_command_run(const char *const *argv, GError **error);

/* The same with a limit of seconds; 0: it may take as long as it does (a large copy). */
char *mvm_command_run_within(const char *const *argv, int seconds, GError **error);

/* Runs argv on this process's own stdin, stdout and stderr and waits. Sets *ret_status to the exit
 * status, or 128 + the signal's number. Fails only when it cannot be started. While it runs, SIGINT
 * and SIGQUIT are the child's; SIGTERM and SIGHUP end the child. */
bool mvm_command_run_foreground(const char *const *argv, int *ret_status, GError **error);

/* The same with input on its stdin (NULL: nothing) and its stdout shown on stderr, for programs
 * that do something and may ask on the terminal, as sudo does. */
bool mvm_command_run_fed(const char *const *argv, const char *input, int *ret_status,
                         GError **error);

/* Starts argv detached from the terminal (own session, stdin/stdout/stderr /dev/null) and does not
 * wait. Used for viewers. */
bool mvm_command_launch(const char *const *argv, GError **error);

/* True when program is found through PATH. */
bool mvm_command_exists(const char *program);
