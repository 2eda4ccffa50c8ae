/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whom to reach by ssh for the clipboard. Command line and host keys: util/ssh.h.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    char *user;    /* NULL: as the user's ssh configuration says */
    char *host;    /* never NULL, never begins with '-' */
    unsigned port; /* 0: as the user's ssh configuration says */
    char *alias;   /* names the machine among the host keys, e.g. its UUID; never NULL */
    char *name;    /* for people, e.g. the machine's; NULL: as mvm_ssh_target_format() */
    char *proxy;   /* the way through another host (util/ssh.h); NULL: directly */
    bool known;    /* a machine at an address: reached there alone, and only when its host key is
                      known; otherwise the first key is accepted */
} MvmSshTarget;

/* Takes copies of all; the rest is unset. alias NULL: made from user, host and port. Fails with
 * MVM_ERROR_USAGE when ssh would take host or user for something else. */
MvmSshTarget *mvm_ssh_target_new(const char *user, const char *host, unsigned port,
                                 const char *alias, GError **error);

/* Reads "[USER@]HOST[:PORT]"; an IPv6 address with a port stands in brackets. */
MvmSshTarget *mvm_ssh_target_parse(const char *text, GError **error);

void mvm_ssh_target_free(MvmSshTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmSshTarget, mvm_ssh_target_free)

/* "USER@HOST:PORT", for people; the caller frees. */
char *mvm_ssh_target_format(const MvmSshTarget *target);

typedef enum {
    MVM_SSH_ALONE,  /* a connection of its own */
    MVM_SSH_MASTER, /* as MVM_SSH_ALONE, and others may ride on it */
    MVM_SSH_RIDER,  /* rides on the target's master when there is one */
} MvmSshShare;

/* The command line of a connection without a terminal that never asks anything and runs command
 * (one string, for the login shell there). $MACVM_SSH names the program, else "ssh". Makes the
 * folder of the host keys. The caller frees with g_strfreev(). */
char **mvm_ssh_target_to_argv(const MvmSshTarget *target, MvmSshShare share, const char *command,
                              GError **error);
