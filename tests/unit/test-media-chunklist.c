/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chunklist and its signature, with a key made for the run by openssl. */
#include "media/bytes.h"
#include "media/chunklist.h"
#include "util/command.h"
#include "util/error.h"
#include "util/file.h"

#include <glib/gstdio.h>
#include <string.h>

#define CHUNKS 3
#define SIGNED_SIZE (36 + 36 * CHUNKS)
#define FILE_SIZE (SIGNED_SIZE + MVM_SIGNATURE_SIZE)

typedef struct {
    char *dir; /* owned, with everything in it */
    MvmTrust *trust;
    uint8_t list[FILE_SIZE];
} Fixture;

static void
put_le(uint8_t *p, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

static char *
path_of(Fixture *f, const char *name)
{
    return g_build_filename(f->dir, name, NULL);
}

static void
run(const char *const *argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *out = mvm_command_run(argv, &error);

    g_assert_no_error(error);
    g_assert_nonnull(out);
}

/* Signs f->list as it stands now. */
static void
sign(Fixture *f)
{
    g_autofree char *key = path_of(f, "key.pem");
    g_autofree char *data = path_of(f, "data");
    g_autofree char *sig = path_of(f, "sig");
    const char *argv[] = {"openssl", "dgst", "-sha256", "-sign", key, "-out", sig, data, NULL};
    g_autofree char *signature = NULL;
    size_t len = 0;

    g_assert_true(mvm_file_replace(data, f->list, SIGNED_SIZE, 0600, NULL));
    run(argv);
    signature = mvm_file_read(sig, MVM_SIGNATURE_SIZE, &len, NULL);
    g_assert_cmpuint(len, ==, MVM_SIGNATURE_SIZE);
    for (size_t i = 0; i < len; i++)
        f->list[SIGNED_SIZE + i] = (uint8_t)signature[len - 1 - i];
}

static void
set_up(Fixture *f, const void *unused)
{
    const uint32_t lengths[CHUNKS] = {1000, 1000, 7};
    g_autofree char *key = NULL;
    g_autofree char *pub = NULL;

    f->dir = g_dir_make_tmp("macvm-XXXXXX", NULL);
    key = path_of(f, "key.pem");
    pub = path_of(f, "pub.pem");
    run((const char *[]){"openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt",
                         "rsa_keygen_bits:2048", "-out", key, NULL});
    run((const char *[]){"openssl", "pkey", "-in", key, "-pubout", "-out", pub, NULL});
    f->trust = mvm_trust_new_pem(pub, NULL);
    g_assert_nonnull(f->trust);

    memcpy(f->list, "CNKL", 4);
    put_le(f->list + 4, 36, 4);
    f->list[8] = f->list[9] = f->list[10] = 1;
    put_le(f->list + 12, CHUNKS, 8);
    put_le(f->list + 20, 36, 8);
    put_le(f->list + 28, SIGNED_SIZE, 8);
    for (unsigned i = 0; i < CHUNKS; i++) {
        put_le(f->list + 36 + 36 * i, lengths[i], 4);
        memset(f->list + 40 + 36 * i, (int)i, MVM_SHA256_SIZE);
    }
    sign(f);
}

static void
tear_down(Fixture *f, const void *unused)
{
    const char *names[] = {"key.pem", "pub.pem", "data", "sig"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = path_of(f, names[i]);

        g_remove(path);
    }
    g_rmdir(f->dir);
    g_free(f->dir);
    mvm_trust_free(f->trust);
}

static void
assert_refused(Fixture *f, size_t len, const char *cause)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(mvm_chunklist_load(f->list, len, f->trust, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, cause));
}

static void
test_good(Fixture *f, const void *unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MvmChunklist) list = mvm_chunklist_load(f->list, FILE_SIZE, f->trust, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(list->map.count, ==, CHUNKS);
    g_assert_cmpuint(mvm_chunk_map_get_size(&list->map), ==, 2007);
    g_assert_cmpuint(mvm_chunk_map_get_length(&list->map, 2), ==, 7);
    g_assert_cmpuint(mvm_chunk_map_find(&list->map, 0), ==, 0);
    g_assert_cmpuint(mvm_chunk_map_find(&list->map, 1999), ==, 1);
    g_assert_cmpuint(mvm_chunk_map_find(&list->map, 2000), ==, 2);
    g_assert_cmpuint(list->digests[2][31], ==, 2);
}

/* Any bit that changes anywhere makes the whole list unusable. */
static void
test_flipped(Fixture *f, const void *unused)
{
    for (size_t i = 0; i < FILE_SIZE; i++) {
        f->list[i] ^= 0x10;
        g_assert_null(mvm_chunklist_load(f->list, FILE_SIZE, f->trust, NULL));
        f->list[i] ^= 0x10;
    }
}

static void
test_lengths(Fixture *f, const void *unused)
{
    for (size_t len = 0; len < FILE_SIZE; len++)
        g_assert_null(mvm_chunklist_load(f->list, len, f->trust, NULL));
}

/* Headers that a signer might have made, but that no real list has: each is signed. */
static void
test_signed_nonsense(Fixture *f, const void *unused)
{
    const struct {
        unsigned at, size;
        uint64_t value;
        const char *cause;
    } cases[] = {
        {0, 1, 'X', "not a chunklist"},
        {4, 4, 37, "unknown version"},
        {8, 1, 2, "unknown version"},
        {9, 1, 2, "unknown version"},
        {10, 1, 2, "method other than RSA revision 1"},
        {10, 1, 0, "method other than RSA revision 1"},
        {12, 8, 0, "number of chunks"},
        {12, 8, UINT64_C(1) << 61, "number of chunks"},
        {12, 8, 65537, "number of chunks"},
        {12, 8, CHUNKS - 1, "not where they belong"},
        {20, 8, 40, "not where they belong"},
        {28, 8, 36, "not where they belong"},
        {36, 4, 0, "length of a chunk"},
        {36, 4, (64 << 20) + 1, "length of a chunk"},
        {72, 4, 999, "differ in length"},
        {72, 4, 1001, "differ in length"},
        {108, 4, 1001, "differ in length"},
        {108, 4, 0, "length of a chunk"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t saved[SIGNED_SIZE];

        memcpy(saved, f->list, SIGNED_SIZE);
        put_le(f->list + cases[i].at, cases[i].value, cases[i].size);
        sign(f);
        assert_refused(f, FILE_SIZE, cases[i].cause);
        memcpy(f->list, saved, SIGNED_SIZE);
    }
}

/* The signature as a number: 0, 1, all ones (above the modulus), and in the wrong byte order. */
static void
test_signature_values(Fixture *f, const void *unused)
{
    uint8_t *sig = f->list + SIGNED_SIZE;
    uint8_t good[MVM_SIGNATURE_SIZE];

    memcpy(good, sig, sizeof(good));
    for (size_t i = 0; i < sizeof(good); i++)
        sig[i] = good[sizeof(good) - 1 - i];
    assert_refused(f, FILE_SIZE, "signature does not match");
    memset(sig, 0, sizeof(good));
    assert_refused(f, FILE_SIZE, "signature does not match");
    sig[0] = 1;
    assert_refused(f, FILE_SIZE, "signature does not match");
    memset(sig, 0xff, sizeof(good));
    assert_refused(f, FILE_SIZE, "signature does not match");
}

static void
test_other_key(Fixture *f, const void *unused)
{
    g_autoptr(MvmTrust) apple = mvm_trust_new_apple();
    g_autoptr(GError) error = NULL;

    g_assert_null(mvm_chunklist_load(f->list, FILE_SIZE, apple, &error));
    g_assert_nonnull(strstr(error->message, "signature does not match"));
    g_assert_nonnull(mvm_error_get_hint(error));
}

static void
test_bad_pem(Fixture *f, const void *unused)
{
    g_autofree char *path = path_of(f, "pub.pem");
    g_autofree char *absent = path_of(f, "absent.pem");
    g_autofree char *key = path_of(f, "key.pem");
    const char *small[] = {
        "openssl", "genpkey", "-quiet", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-out",    key,       NULL};
    g_autoptr(GError) error = NULL;

    g_assert_null(mvm_trust_new_pem(absent, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_true(mvm_file_replace(path, "no key\n", 7, 0600, NULL));
    g_assert_null(mvm_trust_new_pem(path, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_USAGE);
    g_clear_error(&error);
    run(small);
    run((const char *[]){"openssl", "pkey", "-in", key, "-pubout", "-out", path, NULL});
    g_assert_null(mvm_trust_new_pem(path, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_USAGE);
}

static void
test_map(void)
{
    MvmChunkMap map = {0};

    mvm_chunk_map_init(&map, 10, 4);
    g_assert_cmpuint(map.count, ==, 3);
    g_assert_cmpuint(map.max_length, ==, 4);
    g_assert_cmpuint(mvm_chunk_map_get_length(&map, 2), ==, 2);
    g_assert_cmpuint(mvm_chunk_map_get_size(&map), ==, 10);
    mvm_chunk_map_clear(&map);
    mvm_chunk_map_init(&map, 3, 4);
    g_assert_cmpuint(map.count, ==, 1);
    g_assert_cmpuint(map.max_length, ==, 3);
    mvm_chunk_map_clear(&map);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)
    ADD("/chunklist/good", test_good);
    ADD("/chunklist/flipped", test_flipped);
    ADD("/chunklist/lengths", test_lengths);
    ADD("/chunklist/signed-nonsense", test_signed_nonsense);
    ADD("/chunklist/signature-values", test_signature_values);
    ADD("/chunklist/other-key", test_other_key);
    ADD("/trust/bad-pem", test_bad_pem);
    g_test_add_func("/chunklist/map", test_map);
    return g_test_run();
}
