/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine/identity.h"
#include "machine/os.h"
#include "util/error.h"

#include <string.h>

#define COUNT 1000

static const char *const models[] = {"iMacPro1,1", "MacPro7,1", "iMac20,1"};

/* The form once more, written down apart from the code that is tested. */
#define SERIAL "^(C02|F5K)[CDFGHJ-NP-TV-Z][1-9CDFGHJ-NP-RTVWXY][0-9A-HJ-NP-Z]{3}[0-9A-Z]{4}$"
#define MLB                                                                                        \
    "^(C02|F5K)[0-9]([0-4][0-9]|5[0-3])[0-9]{3}[0-9A-HJ-NP-Z]{2}[0-9A-Z]{4}[0-9A-HJ-NP-Z]{2}$"

/* Two serial numbers alike are as likely as the format makes them (iMacPro1,1: 57 million); two
 * identities alike would be a broken generator. */
static void
test_new(gconstpointer data)
{
    const char *model = data;
    g_autoptr(GHashTable) all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) serials = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (int i = 0; i < COUNT; i++) {
        g_autofree char *mac = g_strdup_printf("52:54:00:ab:%02x:%02x", i >> 8, i & 0xff);
        g_autofree char *rom = g_strdup_printf("525400AB%02X%02X", (unsigned)i >> 8, i & 0xff);
        g_autoptr(MvmIdentity) identity = mvm_identity_new(model, mac);
        g_autoptr(GError) error = NULL;

        g_assert_true(mvm_identity_check(identity, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(identity->model, ==, model);
        g_assert_true(g_regex_match_simple(SERIAL, identity->serial, 0, 0));
        g_assert_true(g_regex_match_simple(MLB, identity->mlb, 0, 0));
        g_assert_cmpstr(identity->rom, ==, rom);
        g_assert_true(g_hash_table_add(all, g_strconcat(identity->serial, identity->mlb, NULL)));
        g_hash_table_add(serials, g_strdup(identity->serial));
    }
    g_assert_cmpuint(g_hash_table_size(serials), >=, COUNT - 5);
}

/* Not made here: the serial numbers are OpenCorePkg's examples, the checksums were computed apart.
 */
static void
test_known(void)
{
    const MvmIdentity good[] = {
        {(char *)"iMacPro1,1", (char *)"C02VV5RFHX87", (char *)"C02724302J9JG361Z",
         (char *)"112233445566"},
        {(char *)"MacPro7,1", (char *)"F5KZN00HP7QM", (char *)"F5K124100J9K3F7JA",
         (char *)"DC371461CA50"},
        /* Not a model that can be made, but one that a machine may be. */
        {(char *)"MacBookPro6,2", (char *)"W88460PP1AX", (char *)"C0720270FQVDKP2AT",
         (char *)"3C0754A2F9BE"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;

        mvm_identity_check(&good[i], &error);
        g_assert_no_error(error);
    }
}

static void
test_refused(void)
{
    static const MvmIdentity base = {(char *)"MacPro7,1", (char *)"F5KZN00HP7QM",
                                     (char *)"F5K124100J9K3F7JA", (char *)"DC371461CA50"};
    static const struct {
        const char *model, *serial, *mlb, *rom, *names;
    } bad[] = {
        {.model = "", .names = "model"},
        {.model = "Mac Pro", .names = "model"},
        {.serial = "", .names = "serial number"},
        {.serial = "F5KZN00HP7Q", .names = "another form"},
        {.serial = "F5KZN00HP7QMX", .names = "serial number"},
        {.serial = "F5KZN0OHP7QM", .names = "serial number"}, /* O is no digit of base 34 */
        {.serial = "C02ZN00HP7QM", .names = "another form"},
        {.serial = "F5KHN00HP7QM", .names = "year"}, /* 2012 */
        {.serial = "F5KAN00HP7QM", .names = "year"},
        {.serial = "F5KZ000HP7QM", .names = "week"},
        {.serial = "F5KYY00HP7QM", .names = "week"}, /* a 27th week of the first half */
        {.serial = "F5KZN00HHX87", .names = "another model"},
        {.mlb = "F5K124100J9K3F7JB", .names = "checksum"},
        {.mlb = "F5K154100J9K3F7JA", .names = "week"},
        {.mlb = "F5K100100J9K3F7JA", .names = "week"},
        {.mlb = "F5K124A00J9K3F7JA", .names = "another form"},
        {.mlb = "F5K124100J9JG36JA", .names = "another model"},
        {.mlb = "F5K124100J9K3", .names = "another form"},
        {.rom = "dc371461ca50", .names = "ROM"},
        {.rom = "DC371461CA5", .names = "ROM"},
        {.rom = "\x1b[0m", .names = "ROM"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        MvmIdentity identity = base;
        g_autoptr(GError) error = NULL;

        if (bad[i].model != NULL)
            identity.model = (char *)bad[i].model;
        if (bad[i].serial != NULL)
            identity.serial = (char *)bad[i].serial;
        if (bad[i].mlb != NULL)
            identity.mlb = (char *)bad[i].mlb;
        if (bad[i].rom != NULL)
            identity.rom = (char *)bad[i].rom;
        g_assert_false(mvm_identity_check(&identity, &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
        g_assert_nonnull(strstr(error->message, bad[i].names));
        g_assert_null(strpbrk(error->message, "\n\x1b"));
    }
}

static void
test_every_os(void)
{
    size_t count = 0;
    const MvmOs *table = mvm_os_list(&count);

    for (size_t i = 0; i < count; i++)
        g_assert_true(mvm_identity_has_model(table[i].smbios));
    g_assert_false(mvm_identity_has_model("MacPro7,2"));
    g_assert_cmpstr(mvm_os_find("14", NULL)->smbios, ==, "iMacPro1,1");
    g_assert_cmpstr(mvm_os_find("26", NULL)->smbios, ==, "MacPro7,1");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++) {
        g_autofree char *path = g_strdup_printf("/identity/new/%s", models[i]);

        g_test_add_data_func(path, models[i], test_new);
    }
    g_test_add_func("/identity/known", test_known);
    g_test_add_func("/identity/refused", test_refused);
    g_test_add_func("/identity/every-os", test_every_os);
    return g_test_run();
}
