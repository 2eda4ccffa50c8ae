/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/sha256.h"

#include <openssl/evp.h>

struct MvmSha256 {
    EVP_MD_CTX *context; /* owned */
};

/* SHA-256 fails only without memory or in a libcrypto that lacks it: both end the program, as
 * GLib's own allocations do. */
static void
start(MvmSha256 *sha)
{
    if (sha->context == NULL || EVP_DigestInit_ex(sha->context, EVP_sha256(), NULL) != 1)
        g_error("libcrypto cannot compute SHA-256");
}

MvmSha256 *
mvm_sha256_new(void)
{
    MvmSha256 *sha = g_new0(MvmSha256, 1);

    sha->context = EVP_MD_CTX_new();
    start(sha);
    return sha;
}

void
mvm_sha256_free(MvmSha256 *sha)
{
    if (sha == NULL)
        return;
    EVP_MD_CTX_free(sha->context);
    g_free(sha);
}

void
mvm_sha256_update(MvmSha256 *sha, const void *data, size_t len)
{
    if (EVP_DigestUpdate(sha->context, data, len) != 1)
        g_error("libcrypto cannot compute SHA-256");
}

void
mvm_sha256_finish(MvmSha256 *sha, uint8_t digest[MVM_SHA256_SIZE])
{
    if (EVP_DigestFinal_ex(sha->context, digest, NULL) != 1)
        g_error("libcrypto cannot compute SHA-256");
    start(sha);
}
