/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/smc.h"
#include "util/error.h"
#include "util/secret.h"

#include <string.h>

typedef struct {
    const char *name, *data;
} Key;

static int
read_key(void *opaque, unsigned index, char name[5], char *data, size_t max)
{
    const Key *keys = opaque;
    size_t len = strlen(keys[index].data);

    g_assert_cmpuint(len, <=, max);
    memcpy(name, keys[index].name, 5);
    memcpy(data, keys[index].data, len);
    return (int)len;
}

static void
test_found(void)
{
    const Key keys[] = {{"#KEY", "1"},
                        {"BATP", "0"},
                        {"OSK0", "made-up words for a test, half 1"},
                        {"OSK1", "made-up words for a test, half 2"},
                        {"zSPS", "9"}};
    MvmSmc smc = {.read_key = read_key, .count = G_N_ELEMENTS(keys), .opaque = (void *)keys};
    mvm_autosecret char *osk = mvm_smc_find_osk(&smc, NULL);

    g_assert_cmpstr(osk, ==, "made-up words for a test, half 1made-up words for a test, half 2");
}

static void
test_not_there(void)
{
    const Key none[] = {{"#KEY", "1"}, {"zSPS", "9"}};
    const Key brief[] = {{"OSK0", "too short"}, {"OSK1", "made-up words for a test, half 2"}};
    MvmSmc smcs[] = {
        {.read_key = read_key, .count = 2, .opaque = (void *)none},
        {.read_key = read_key, .count = 2, .opaque = (void *)brief},
        {.read_key = read_key, .count = 0, .opaque = NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(smcs); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(mvm_smc_find_osk(&smcs[i], &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
    }
}

static void
test_no_mac(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(mvm_smc_read_osk("/nonexistent", &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/found", test_found);
    g_test_add_func("/not-there", test_not_there);
    g_test_add_func("/no-mac", test_no_mac);
    return g_test_run();
}
