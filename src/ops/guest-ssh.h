/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ssh to a guest: to where guest-address.h finds it, through the libvirt host when that is another
 * machine. Most guests are 127.0.0.1, so that each has a file of its own for its host key
 * (util/ssh.h).
 *
 * A key becomes known at a login by a person, and when macvm waits for ssh of a machine that it has
 * just started. What acts on a guest goes to a known key alone.
 */
#pragma once

#include "ops/guest-address.h"
#include "util/ssh.h"
#include "virt/domain.h"

typedef enum {
    MVM_GUEST_SSH_LOGIN,       /* a person's; the first host key is kept */
    MVM_GUEST_SSH_LOGIN_AGENT, /* the same, and the guest may use the user's ssh agent */
    MVM_GUEST_SSH_ACT,         /* never asks; only to a known host key */
} MvmGuestSshUse;

/* ssh's argument vector with the words of command (NULL-terminated; NULL: a login shell), ended by
 * NULL; ssh joins them with spaces for the guest's shell. Makes the folder of the host
 * keys. Fails as mvm_guest_address_find() and mvm_guest_ssh_check(), and ACT with
 * MVM_ERROR_CONFLICT when no host key is known. The caller frees. */
GPtrArray *mvm_guest_ssh_argv(MvmDomain *domain, const MvmMetadata *metadata, MvmGuestSshUse use,
                              const char *const *command, GError **error);

/* Whether ssh can lead to the guest at all, wherever it is: MVM_ERROR_HOST when the libvirt host is
 * another machine and not reached by ssh. */
bool mvm_guest_ssh_check(MvmDomain *domain, GError **error);

/* Connects and keeps the guest's host key when none is known yet; never logs in. False, with the
 * error, when it has another key than the known one; that nothing answers is no failure. Takes some
 * seconds at most. */
bool mvm_guest_ssh_meet(MvmDomain *domain, const MvmMetadata *metadata, GError **error);

/* *ret_proxy is how ssh gets to address through the libvirt host (MvmSshCall), or NULL when that is
 * this machine. The caller frees. */
bool mvm_guest_ssh_proxy(MvmDomain *domain, const MvmGuestAddress *address, MvmSshKind kind,
                         char **ret_proxy, GError **error);

/* Whether an ssh server greets at address, within timeout_ms milliseconds (more for the way through
 * another host). A forward alone says nothing: QEMU accepts before the guest does.
 * Ctrl-C ends it with false. */
bool mvm_guest_ssh_answers(MvmDomain *domain, const MvmGuestAddress *address, int timeout_ms);
