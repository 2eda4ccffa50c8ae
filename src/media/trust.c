/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/trust.h"

#include "util/error.h"
#include "util/file.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_PARAM, OSSL_PARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)

#define KEY_BITS (8 * MVM_SIGNATURE_SIZE)
#define PEM_MAX 65536
#define PUBLIC_EXPONENT 65537

/* The modulus, big endian. OpenCore's key table (OcAppleKeysLib, PkDataBase[0]) and macrecovery.py
 * have the same number; SHA-256 of it in little endian: c7a1b936...7f952b45. */
static const char apple_modulus[] = /* clang-format off */
    "C3E748CAD9CD384329E10E25A91E43E1A762FF529ADE578C935BDDF9B13F2179"
    "D4855E6FC89E9E29CA12517D17DFA1EDCE0BEBF0EA7B461FFE61D94E2BDF72C1"
    "96F89ACD3536B644064014DAE25A15DB6BB0852ECBD120916318D1CCDEA3C84C"
    "92ED743FC176D0BACA920D3FCF3158AFF731F88CE0623182A8ED67E650515F75"
    "745909F07D415F55FC15A35654D118C55A462D37A3ACDA08612F3F3F6571761E"
    "FCCBCC299AEE99B3A4FD6212CCFFF5EF37A2C334E871191F7E1C31960E010A54"
    "E86FA3F62E6D6905E1CD57732410A3EB0C6B4DEFDABE9F59BF1618758C751CD5"
    "6CEF851D1C0EAA1C558E37AC108DA9089863D20E2E7E4BF475EC66FE6B3EFDCF"; /* clang-format on */

struct MvmTrust {
    EVP_PKEY *key; /* owned */
};

static MvmTrust *
trust_new(EVP_PKEY *key)
{
    MvmTrust *trust = g_new0(MvmTrust, 1);

    trust->key = key;
    return trust;
}

MvmTrust *
mvm_trust_new_apple(void)
{
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    g_autoptr(OSSL_PARAM_BLD) build = OSSL_PARAM_BLD_new();
    g_autoptr(OSSL_PARAM) params = NULL;
    g_autoptr(BIGNUM) modulus = NULL;
    g_autoptr(EVP_PKEY) key = NULL;

    /* The input is constant: only a libcrypto without RSA can fail here. */
    if (BN_hex2bn(&modulus, apple_modulus) != 2 * MVM_SIGNATURE_SIZE ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
        OSSL_PARAM_BLD_push_ulong(build, OSSL_PKEY_PARAM_RSA_E, PUBLIC_EXPONENT) != 1 ||
        (params = OSSL_PARAM_BLD_to_param(build)) == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        g_error("libcrypto cannot use RSA keys");
    return trust_new(g_steal_pointer(&key));
}

MvmTrust *
mvm_trust_new_pem(const char *path, GError **error)
{
    size_t len = 0;
    g_autofree char *text = mvm_file_read(path, PEM_MAX, &len, error);
    g_autoptr(EVP_PKEY) key = NULL;
    g_autoptr(BIO) bio = NULL;

    if (text == NULL)
        return NULL;
    bio = BIO_new_mem_buf(text, (int)len);
    key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    if (key == NULL || !EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_get_bits(key) != KEY_BITS) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                    "cannot use '%s' as key: not an RSA public key of %d bits in PEM form", path,
                    KEY_BITS);
        mvm_error_set_hint(error, "'openssl pkey -in KEY -pubout' writes the public half of a key");
        return NULL;
    }
    return trust_new(g_steal_pointer(&key));
}

void
mvm_trust_free(MvmTrust *trust)
{
    if (trust == NULL)
        return;
    EVP_PKEY_free(trust->key);
    g_free(trust);
}

bool
mvm_trust_verify(const MvmTrust *trust, const void *data, size_t len,
                 const uint8_t signature[MVM_SIGNATURE_SIZE])
{
    g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
    uint8_t big_endian[MVM_SIGNATURE_SIZE];

    for (size_t i = 0; i < MVM_SIGNATURE_SIZE; i++)
        big_endian[i] = signature[MVM_SIGNATURE_SIZE - 1 - i];
    /* PKCS#1 v1.5 is EVP's default padding for RSA. */
    return EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, trust->key) == 1 &&
           EVP_DigestVerify(context, big_endian, MVM_SIGNATURE_SIZE, data, len) == 1;
}
