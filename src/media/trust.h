/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public key that recovery media must be signed with: Apple's, or the one of a mirror that the
 * user names (--trust-key). No other way to another key exists: not the environment, not the
 * configuration.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MVM_SIGNATURE_SIZE 256

typedef struct MvmTrust MvmTrust;

/* Apple's production key for recovery media. */
MvmTrust *mvm_trust_new_apple(void);

/* The RSA-2048 public key in the PEM file at path. MVM_ERROR_NOT_FOUND when it is not there,
 * MVM_ERROR_USAGE when it holds no such key. */
MvmTrust *mvm_trust_new_pem(const char *path, GError **error);

void mvm_trust_free(MvmTrust *trust);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmTrust, mvm_trust_free)

/* True when signature is this key's RSA PKCS#1 v1.5 signature over the SHA-256 of data.
 * The signature is little endian, as chunklists carry it. */
bool mvm_trust_verify(const MvmTrust *trust, const void *data, size_t len,
                      const uint8_t signature[MVM_SIGNATURE_SIZE]);
