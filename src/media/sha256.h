/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256, in pieces as data arrives. libcrypto stays behind this header. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#define MVM_SHA256_SIZE 32

typedef struct MvmSha256 MvmSha256;

MvmSha256 *mvm_sha256_new(void);
void mvm_sha256_free(MvmSha256 *sha);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmSha256, mvm_sha256_free)

void mvm_sha256_update(MvmSha256 *sha, const void *data, size_t len);

/* Writes the digest and starts anew. */
void mvm_sha256_finish(MvmSha256 *sha, uint8_t digest[MVM_SHA256_SIZE]);
