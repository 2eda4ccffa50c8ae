/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every connection by ssh shares: the program, and where the guests' host keys are kept.
 *
 * Each machine has a file of its own for them, named for its alias, below the data directory: many
 * guests are 127.0.0.1:2222. Whoever meets the guest first fills it; from then on no other key will
 * do, not even one of another kind.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The ssh program: $MACVM_SSH, else "ssh". Static or environment storage. */
const char *mvm_ssh_program(void);

/* text as one word in the value of an option that takes words and tokens (files, a socket's path):
 * ssh reads it as it is. The caller frees. */
char *mvm_ssh_quote(const char *text);

/* What a machine of libvirt's is called there: "macvm-UUID". The caller frees. */
char *mvm_ssh_alias(const char *uuid);

/* Appends the options by which ssh keeps and checks the host key of alias, and makes the folder
 * where. */
bool mvm_ssh_add_host_key(GPtrArray *argv, const char *alias, GError **error);

/* Whether ssh said text because it does not trust the host key. */
bool mvm_ssh_is_host_key_refusal(const char *text);

/* Sets "cannot trust '<who>': its host key has changed" (MVM_ERROR_FAILED), and the hint how to
 * accept the new one. */
void mvm_ssh_set_key_changed(GError **error, const char *who, const char *alias);

/* Forgets the host key of alias; that there is none is no failure. */
bool mvm_ssh_forget_host_key(const char *alias, GError **error);
