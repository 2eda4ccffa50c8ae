/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/plist.h"
#include "util/error.h"

#include <string.h>

#define HEAD                                                                                       \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                 \
    "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "                                      \
    "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"

/* Written for this test, in the shapes that hand-edited files have. */
static const char sample[] =
    HEAD "<plist version=\"1.0\">\n<dict>\n"
         "\t<key>Plain</key>\n\t<string>old</string> <!-- stays -->\n"
         "\t<!-- <key>Plain</key><string>not this</string> -->\n"
         "\t<key>Empty</key><string></string>\n"
         "\t<key>R&amp;D</key>\n\t<string>a &lt; b</string>\n"
         "\t<key>With.dot</key>\n\t<true/>\n"
         "\t<key>Deep</key>\n\t<dict>\n"
         "\t\t<key>Number</key>\n\t\t<integer> 17 </integer>\n"
         "\t\t<key>Real</key>\n\t\t<real>1.5</real>\n"
         "\t\t<key>Data</key>\n\t\t<data>\n\t\tUlQA\n\t\trBIr\n\t\t</data>\n"
         "\t\t<key>When</key>\n\t\t<date>2020-01-01T00:00:00Z</date>\n"
         "\t\t<key>None</key>\n\t\t<dict/>\n"
         "\t</dict>\n"
         "\t<key>List</key>\n\t<array>\n"
         "\t\t<dict>\n\t\t\t<key>Path</key>\n\t\t\t<string>zero</string>\n\t\t</dict>\n"
         "\t\t<dict>\n\t\t\t<key>Path</key>\n\t\t\t<string><![CDATA[on<e]]></string>\n\t\t</dict>\n"
         "\t</array>\n"
         "</dict>\n</plist>\n<!-- end -->\n";

static MvmPlist *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    MvmPlist *plist = mvm_plist_parse(text, strlen(text), "sample", &error);

    g_assert_no_error(error);
    return plist;
}

static void
test_get(void)
{
    static const struct {
        const char *path, *text;
        MvmPlistType type;
    } cases[] = {
        {"Plain", "old", MVM_PLIST_STRING},
        {"Empty", "", MVM_PLIST_STRING},
        {"R&D", "a < b", MVM_PLIST_STRING},
        {"With\\.dot", "true", MVM_PLIST_BOOLEAN},
        {"Deep.Number", "17", MVM_PLIST_INTEGER},
        {"Deep.Real", "1.5", MVM_PLIST_REAL},
        {"Deep.Data", "UlQArBIr", MVM_PLIST_DATA},
        {"Deep.When", "2020-01-01T00:00:00Z", MVM_PLIST_DATE},
        {"Deep", "", MVM_PLIST_DICT},
        {"List", "", MVM_PLIST_ARRAY},
        {"List.0.Path", "zero", MVM_PLIST_STRING},
        {"List.1.Path", "on<e", MVM_PLIST_STRING},
    };
    static const char *const missing[] = {"",        ".",      "plain",   "With.dot",    "List.2",
                                          "List.-1", "List.x", "Plain.x", "Deep..Number"};
    g_autoptr(MvmPlist) plist = parse(sample);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        MvmPlistType type = MVM_PLIST_DICT;
        g_autofree char *text = mvm_plist_get(plist, cases[i].path, &type, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(text, ==, cases[i].text);
        g_assert_cmpint(type, ==, cases[i].type);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(missing); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(mvm_plist_get(plist, missing[i], NULL, &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
    }
}

/* The text of sample with the one place where old stands replaced. */
static char *
with(const char *old, const char *new)
{
    const char *at = strstr(sample, old);

    g_assert_nonnull(at);
    g_assert_null(strstr(at + 1, old));
    return g_strdup_printf("%.*s%s%s", (int)(at - sample), sample, new, at + strlen(old));
}

/* Containers as documents of their own and as JSON. */
static void
test_whole(void)
{
    static const char text[] =
        "<plist "
        "version=\"1.0\"><dict><key>A</key><dict><key>B.c</key><array><integer>0x1f</integer>"
        "<integer>-2</integer><integer>99999999999999999999</integer></array><key>D</key>"
        "<data>AQL/</data><key>T</key><true/><key>S</key><string>a&lt;b</string></dict></dict>"
        "</plist>";
    g_autoptr(GError) error = NULL;
    g_autoptr(MvmPlist) plist = mvm_plist_parse(text, strlen(text), "test", &error);
    g_autoptr(MvmPlist) part = NULL;
    g_autoptr(MvmJson) json = mvm_json_new();
    g_autofree char *document = NULL, *number = NULL, *told = NULL;

    g_assert_no_error(error);
    document = mvm_plist_get_document(plist, "A", &error);
    g_assert_no_error(error);
    part = mvm_plist_parse(document, strlen(document), "part", &error);
    g_assert_no_error(error);
    number = mvm_plist_get(part, "B\\.c.1", NULL, &error);
    g_assert_cmpstr(number, ==, "-2");
    g_assert_null(mvm_plist_get_document(plist, "A.X", NULL));
    mvm_json_begin_object(json, NULL);
    g_assert_true(mvm_plist_add_json(plist, NULL, json, "all", &error));
    g_assert_false(mvm_plist_add_json(plist, "X", json, "none", NULL));
    mvm_json_end_object(json);
    told = mvm_json_to_text(json, false);
    g_assert_cmpstr(told, ==,
                    "{\"all\":{\"A\":{\"B.c\":[31,-2,\"99999999999999999999\"],\"D\":\"0x0102ff\","
                    "\"T\":true,\"S\":\"a<b\"}}}\n");
}

static void
test_hex(void)
{
    static const char *const wrong[] = {"", "0", "12", "0x1", "0xgg", "0x12 "};
    g_autofree char *base64 = mvm_plist_data_from_hex("0x0102FF"), *none = NULL, *hex = NULL;

    g_assert_cmpstr(base64, ==, "AQL/");
    hex = mvm_plist_data_to_hex(base64);
    g_assert_cmpstr(hex, ==, "0x0102ff");
    none = mvm_plist_data_from_hex("0x");
    g_assert_cmpstr(none, ==, "");
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        g_assert_null(mvm_plist_data_from_hex(wrong[i]));
}

static void
test_set(void)
{
    static const struct {
        const char *path;
        MvmPlistType type;
        const char *text, *old, *new;
    } cases[] = {
        {"Plain", MVM_PLIST_STRING, "a&b<c>", "<string>old</string>",
         "<string>a&amp;b&lt;c&gt;</string>"},
        {"Plain", MVM_PLIST_INTEGER, "-3", "<string>old</string>", "<integer>-3</integer>"},
        {"Plain", MVM_PLIST_INTEGER, "18446744073709551615", "<string>old</string>",
         "<integer>18446744073709551615</integer>"},
        {"Plain", MVM_PLIST_INTEGER, "-9223372036854775808", "<string>old</string>",
         "<integer>-9223372036854775808</integer>"},
        {"Empty", MVM_PLIST_STRING, "1920x1080", "<string></string>", "<string>1920x1080</string>"},
        {"With\\.dot", MVM_PLIST_BOOLEAN, "false", "<true/>", "<false/>"},
        {"Deep.Number", MVM_PLIST_INTEGER, "0x10", "<integer> 17 </integer>",
         "<integer>0x10</integer>"},
        {"Deep.Real", MVM_PLIST_REAL, "-2.5e3", "<real>1.5</real>", "<real>-2.5e3</real>"},
        {"Deep.Data", MVM_PLIST_DATA, "AAAA", "<data>\n\t\tUlQA\n\t\trBIr\n\t\t</data>",
         "<data>AAAA</data>"},
        {"List.1.Path", MVM_PLIST_STRING, "two", "<string><![CDATA[on<e]]></string>",
         "<string>two</string>"},
        /* A new key stands behind the last one, as the others do. */
        {"Deep.New", MVM_PLIST_STRING, "n", "<dict/>\n",
         "<dict/>\n\t\t<key>New</key>\n\t\t<string>n</string>\n"},
        {"Deep.None.N&w", MVM_PLIST_BOOLEAN, "true", "<dict/>",
         "<dict><key>N&amp;w</key><true/></dict>"},
        /* What is there already. */
        {"Deep.Data", MVM_PLIST_DATA, "UlQArBIr", "<date>", "<date>"},
        {"Deep.Number", MVM_PLIST_INTEGER, "17", "<date>", "<date>"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MvmPlist) plist = parse(sample);
        g_autofree char *expected = with(cases[i].old, cases[i].new);
        g_autofree char *text = NULL;
        size_t len = 0;

        mvm_plist_set(plist, cases[i].path, cases[i].type, cases[i].text, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(mvm_plist_get_text(plist, &len), ==, expected);
        g_assert_cmpuint(len, ==, strlen(expected));
        text = mvm_plist_get(plist, cases[i].path, NULL, &error);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void
test_set_refused(void)
{
    static const struct {
        const char *path;
        MvmPlistType type;
        const char *text;
        int code;
    } cases[] = {
        {"Deep", MVM_PLIST_STRING, "x", MVM_ERROR_USAGE},
        {"List", MVM_PLIST_STRING, "x", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_DICT, "", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_STRING, "\x1b[0m", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_STRING, "\xff", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_INTEGER, "", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_INTEGER, "1x", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_INTEGER, "0x", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_INTEGER, "0x-1", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_INTEGER, "--1", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_INTEGER, "+ 1", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_INTEGER, "18446744073709551616", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_INTEGER, "0x10000000000000000", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_INTEGER, "-9223372036854775809", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_REAL, "1e400", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_REAL, "inf", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_BOOLEAN, "yes", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_DATA, "abc", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_DATA, "a===", MVM_ERROR_USAGE},
        {"Plain", MVM_PLIST_DATA, "<a/>", MVM_ERROR_USAGE},
        {"Nowhere.New", MVM_PLIST_STRING, "x", MVM_ERROR_NOT_FOUND},
        {"Plain.New", MVM_PLIST_STRING, "x", MVM_ERROR_NOT_FOUND},
        {"List.7", MVM_PLIST_STRING, "x", MVM_ERROR_NOT_FOUND},
        {"Deep.", MVM_PLIST_STRING, "x", MVM_ERROR_NOT_FOUND},
        {"Deep.\x1b", MVM_PLIST_STRING, "x", MVM_ERROR_NOT_FOUND},
    };
    g_autoptr(MvmPlist) plist = parse(sample);
    size_t len = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(mvm_plist_set(plist, cases[i].path, cases[i].type, cases[i].text, &error));
        g_assert_error(error, MVM_ERROR, cases[i].code);
        g_assert_null(strpbrk(error->message, "\n\x1b\xff"));
    }
    g_assert_cmpstr(mvm_plist_get_text(plist, &len), ==, sample);
}

static void
test_twice(void)
{
    g_autoptr(MvmPlist) plist = parse("<plist><dict><key>a</key><true/><key>a</key><false/>"
                                      "<key>b</key><true/></dict></plist>");
    g_autoptr(GError) error = NULL;

    g_assert_false(mvm_plist_set(plist, "a", MVM_PLIST_BOOLEAN, "true", &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "twice"));
    g_assert_true(mvm_plist_set(plist, "b", MVM_PLIST_BOOLEAN, "false", NULL));
}

static void
test_windows(void)
{
    static const char text[] =
        "<plist>\r\n<dict>\r\n  <key>a</key>\r\n  <true/>\r\n</dict>\r\n</plist>";
    g_autoptr(MvmPlist) plist = parse(text);
    size_t len = 0;

    g_assert_true(mvm_plist_set(plist, "b", MVM_PLIST_STRING, "x", NULL));
    g_assert_cmpstr(mvm_plist_get_text(plist, &len), ==,
                    "<plist>\r\n<dict>\r\n  <key>a</key>\r\n  <true/>\r\n  <key>b</key>\r\n"
                    "  <string>x</string>\r\n</dict>\r\n</plist>");
}

static void
refuse(const char *text, size_t len)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(mvm_plist_parse(text, len, "hostile", &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
}

static void
test_hostile(void)
{
    static const char *const texts[] = {
        "",
        "bplist00",
        "<plist/>",
        "<plist><array/></plist>",
        "<plist><dict/><dict/></plist>",
        "<dict/>",
        "<plist><dict><key>a</key></dict></plist>",
        "<plist><dict><true/></dict></plist>",
        "<plist><dict><key>a</key><key>b</key></dict></plist>",
        "<plist><dict><key>a</key><what/></dict></plist>",
        "<plist><dict><key>a</key><string><true/></string></dict></plist>",
        "<plist><dict><key>a<true/></key><true/></dict></plist>",
        "<plist xmlns='urn:x'><dict/></plist>",
        "<plist><dict><key>a</key><true></dict></plist>",
        /* Entities, declared or not, and a document type with anything in it. */
        "<!DOCTYPE plist [<!ENTITY a 'x'>]><plist><dict/></plist>",
        "<!DOCTYPE plist [<!ENTITY a SYSTEM 'a'>]><plist><dict><key>&a;</key></dict></plist>",
        "<!DOCTYPE plist [<!-- -->]><plist><dict/></plist>",
        "<!DOCTYPE plist [<?x y?>]><plist><dict/></plist>",
        "<plist><dict><key>a</key><string>&nope;</string></dict></plist>",
        "<!DOCTYPE plist [<!-- > <plist><dict/></plist> <?x -->]><plist><dict/></plist><?y ?>",
    };
    g_autoptr(GString) deep = g_string_new("<plist><dict><key>a</key>");
    g_autofree char *large = g_malloc(MVM_PLIST_MAX_SIZE + 1);

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        refuse(texts[i], strlen(texts[i]));
    for (int i = 0; i < 200; i++)
        g_string_append(deep, "<array>");
    for (int i = 0; i < 200; i++)
        g_string_append(deep, "</array>");
    g_string_append(deep, "</dict></plist>");
    refuse(deep->str, deep->len);
    memset(large, ' ', MVM_PLIST_MAX_SIZE + 1);
    memcpy(large, "<plist><dict/></plist>", strlen("<plist><dict/></plist>"));
    refuse(large, MVM_PLIST_MAX_SIZE + 1);
    refuse("<plist><dict/></plist>\0x", sizeof("<plist><dict/></plist>\0x") - 1);
}

static void
test_remove(void)
{
    g_autoptr(MvmPlist) plist = parse(sample);
    g_autoptr(GError) error = NULL;
    const char *text = NULL;
    size_t len = 0;

    g_assert_true(mvm_plist_remove(plist, "Deep.Real", &error));
    g_assert_true(mvm_plist_remove(plist, "With\\.dot", &error));
    g_assert_true(mvm_plist_remove(plist, "List.1.Path", &error));
    g_assert_no_error(error);
    text = mvm_plist_get_text(plist, &len);
    g_assert_nonnull(strstr(text, "<integer> 17 </integer>\n\t\t<key>Data</key>"));
    g_assert_nonnull(strstr(text, "</string>\n\t<key>Deep</key>"));
    g_assert_nonnull(strstr(text, "\t\t<dict>\n\t\t</dict>\n\t</array>"));
    g_assert_nonnull(strstr(text, "<!-- stays -->"));
    g_assert_false(mvm_plist_remove(plist, "Deep.Real", &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_false(mvm_plist_remove(plist, "List.0", &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_USAGE);
    g_clear_error(&error);
    /* What was added can be taken out again. */
    g_assert_true(mvm_plist_set(plist, "Deep.None.New", MVM_PLIST_STRING, "x", &error));
    g_assert_true(mvm_plist_remove(plist, "Deep.None.New", &error));
    g_assert_no_error(error);
}

/* Each value once, by a path that leads back to it. */
static void
test_leaves(void)
{
    static const char *const paths[] = {"Plain",       "Empty",      "R&D",       "With\\.dot",
                                        "Deep.Number", "Deep.Real",  "Deep.Data", "Deep.When",
                                        "List.0.Path", "List.1.Path"};
    g_autoptr(MvmPlist) plist = parse(sample);
    g_autoptr(GPtrArray) leaves = mvm_plist_leaves(plist);
    g_autoptr(GString) deep = g_string_new("<plist><dict><key>");

    g_assert_cmpuint(leaves->len, ==, G_N_ELEMENTS(paths));
    for (guint i = 0; i < leaves->len; i++) {
        const MvmPlistLeaf *leaf = leaves->pdata[i];
        MvmPlistType type;
        g_autofree char *value = mvm_plist_get(plist, leaf->path, &type, NULL);

        g_assert_cmpstr(leaf->path, ==, paths[i]);
        g_assert_cmpstr(leaf->value, ==, value);
        g_assert_cmpint(leaf->type, ==, type);
    }
    /* A long key is not told again with each value below it. */
    for (int i = 0; i < 2000; i++)
        g_string_append_c(deep, 'k');
    g_string_append(deep, "</key><array><true/><true/></array><key>b</key><true/></dict></plist>");
    g_clear_pointer(&plist, mvm_plist_free);
    g_clear_pointer(&leaves, g_ptr_array_unref);
    plist = parse(deep->str);
    leaves = mvm_plist_leaves(plist);
    g_assert_cmpuint(leaves->len, ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plist/get", test_get);
    g_test_add_func("/plist/whole", test_whole);
    g_test_add_func("/plist/hex", test_hex);
    g_test_add_func("/plist/set", test_set);
    g_test_add_func("/plist/set-refused", test_set_refused);
    g_test_add_func("/plist/remove", test_remove);
    g_test_add_func("/plist/leaves", test_leaves);
    g_test_add_func("/plist/twice", test_twice);
    g_test_add_func("/plist/windows", test_windows);
    g_test_add_func("/plist/hostile", test_hostile);
    return g_test_run();
}
