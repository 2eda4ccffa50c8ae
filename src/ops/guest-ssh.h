/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ssh to a guest: to where guest-address.h finds it, through the libvirt host when that is another
 * machine. Most guests are 127.0.0.1, so that each has a file of its own for its host key
 * (util/ssh.h).
 */
#pragma once

#include "virt/domain.h"

typedef enum {
    MVM_GUEST_SSH_DEFAULT = 0,
    MVM_GUEST_SSH_BATCH = 1 << 0, /* never asks; gives up after some seconds without an answer */
} MvmGuestSshFlags;

/* ssh's argument vector with the words of command (NULL-terminated; NULL: a login shell), ended by
 * NULL; ssh joins them with spaces for the guest's shell. Makes the folder of the host
 * keys. MVM_ERROR_NOT_FOUND when it is not known where the guest is; MVM_ERROR_HOST when the
 * libvirt host is another machine and not reached by ssh. The caller frees. */
GPtrArray *mvm_guest_ssh_argv(MvmDomain *domain, const MvmMetadata *metadata,
                              MvmGuestSshFlags flags, const char *const *command, GError **error);

/* Whether ssh can lead to the guest at all, wherever it is: MVM_ERROR_HOST as above. */
bool mvm_guest_ssh_check(MvmDomain *domain, GError **error);

/* After an ssh that failed: false, with the error, when that was because the guest's host key is
 * not the one known. Connects once more, logs in never. */
bool mvm_guest_ssh_check_key(MvmDomain *domain, const MvmMetadata *metadata, GError **error);

/* The value of ssh's option ProxyCommand by which the guest is reached, or NULL when its libvirt
 * host is this machine. The caller frees. */
char *mvm_guest_ssh_proxy(MvmDomain *domain, MvmGuestSshFlags flags);

/* Whether an ssh server greets where the guest is, within timeout_ms milliseconds (more for
 * the way through another host). A forward alone says nothing: QEMU accepts before the guest does.
 * Ctrl-C ends it with false. */
bool mvm_guest_ssh_answers(MvmDomain *domain, const MvmMetadata *metadata, int timeout_ms);
