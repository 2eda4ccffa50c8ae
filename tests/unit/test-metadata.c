/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/error.h"
#include "virt/metadata.h"

#include <string.h>

#define NS "xmlns:macvm='" MVM_XML_NS_MACVM "'"

/* As virDomainGetMetadata() of libvirt 9.0 gave it: without the namespace. */
static const char from_libvirt[] = "<machine version='1' os='14' profile='3'>\n"
                                   "  <ssh port='2222' user='joe'/>\n"
                                   "  <option name='memory'>8G</option>\n"
                                   "  <option name='cores'>4</option>\n"
                                   "  <render>&lt;domain&gt;\n  &lt;name&gt;a &amp;amp; b"
                                   "&lt;/name&gt;\n&lt;/domain&gt;</render>\n"
                                   "</machine>";

static void
check_fields(const MvmMetadata *metadata)
{
    g_assert_cmpint(metadata->version, ==, 1);
    g_assert_cmpstr(metadata->os, ==, "14");
    g_assert_cmpint(metadata->profile, ==, 3);
    g_assert_cmpint(metadata->ssh_port, ==, 2222);
    g_assert_cmpstr(metadata->ssh_user, ==, "joe");
    g_assert_cmpuint(metadata->options->len, ==, 2);
    g_assert_cmpstr(mvm_metadata_get_option(metadata, "memory"), ==, "8G");
    g_assert_cmpstr(mvm_metadata_get_option(metadata, "cores"), ==, "4");
    g_assert_null(mvm_metadata_get_option(metadata, "threads"));
    g_assert_cmpstr(metadata->render, ==, "<domain>\n  <name>a &amp; b</name>\n</domain>");
}

static void
test_parse(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MvmMetadata) metadata = mvm_metadata_parse(from_libvirt, "macos", &error);

    g_assert_no_error(error);
    check_fields(metadata);
}

static void
test_round_trip(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MvmMetadata) first = mvm_metadata_parse(from_libvirt, "macos", NULL);
    g_autofree char *text = mvm_metadata_to_text(first);
    g_autoptr(MvmMetadata) second = mvm_metadata_parse(text, "macos", &error);

    g_assert_no_error(error);
    g_assert_nonnull(strstr(text, "<macvm:machine xmlns:macvm=\"" MVM_XML_NS_MACVM "\""));
    g_assert_null(strstr(text, "<machine"));
    check_fields(second);
}

static void
test_options(void)
{
    g_autoptr(MvmMetadata) metadata = mvm_metadata_new();
    const MvmMetadataOption *first = NULL;

    mvm_metadata_set_option(metadata, "memory", "8G");
    mvm_metadata_set_option(metadata, "cores", "4");
    mvm_metadata_set_option(metadata, "memory", "16G");
    g_assert_cmpuint(metadata->options->len, ==, 2);
    first = metadata->options->pdata[0];
    g_assert_cmpstr(first->name, ==, "memory");
    g_assert_cmpstr(first->value, ==, "16G");
    mvm_metadata_set_option(metadata, "memory", NULL);
    mvm_metadata_set_option(metadata, "threads", NULL);
    g_assert_cmpuint(metadata->options->len, ==, 1);
}

static void
test_newer_version(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MvmMetadata) metadata = mvm_metadata_parse(
        "<macvm:machine " NS " version='7' colour='red'><macvm:ssh port='22' key='k'/>"
        "<macvm:tag deep='1'><macvm:inner>text</macvm:inner></macvm:tag></macvm:machine>",
        "macos", &error);
    g_autoptr(xmlDoc) doc = NULL;
    g_autofree char *text = NULL, *colour = NULL, *inner = NULL, *key = NULL, *port = NULL;

    g_assert_no_error(error);
    metadata->ssh_port = 2223;
    text = mvm_metadata_to_text(metadata);
    doc = mvm_xml_parse(text, strlen(text), "text", NULL);
    colour = mvm_xml_get(doc, "/macvm:machine[@version='7']/@colour");
    g_assert_cmpstr(colour, ==, "red");
    inner = mvm_xml_get(doc, "/macvm:machine/macvm:tag[@deep='1']/macvm:inner");
    g_assert_cmpstr(inner, ==, "text");
    key = mvm_xml_get(doc, "/macvm:machine/macvm:ssh/@key");
    g_assert_cmpstr(key, ==, "k");
    port = mvm_xml_get(doc, "/macvm:machine[count(macvm:ssh)=1]/macvm:ssh/@port");
    g_assert_cmpstr(port, ==, "2223");
}

static void
test_identity(void)
{
    static const char text[] =
        "<machine><identity model='iMacPro1,1' serial='C02VV5RFHX87' mlb='C02724302J9JG361Z' "
        "rom='525400ABCDEF' colour='red'/><opencore made='abc' from='x' previous='/a b/c' "
        "previous-from='y' shape='round'/></machine>";
    g_autoptr(GError) error = NULL;
    g_autoptr(MvmMetadata) first = mvm_metadata_parse(text, "macos", &error);
    g_autoptr(MvmMetadata) second = NULL;
    g_autofree char *written = NULL;

    g_assert_no_error(error);
    written = mvm_metadata_to_text(first);
    g_assert_nonnull(strstr(written, "colour=\"red\""));
    g_assert_nonnull(strstr(written, "shape=\"round\""));
    second = mvm_metadata_parse(written, "macos", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(second->identity->model, ==, "iMacPro1,1");
    g_assert_cmpstr(second->identity->serial, ==, "C02VV5RFHX87");
    g_assert_cmpstr(second->identity->mlb, ==, "C02724302J9JG361Z");
    g_assert_cmpstr(second->identity->rom, ==, "525400ABCDEF");
    g_assert_cmpstr(second->opencore_made, ==, "abc");
    g_assert_cmpstr(second->opencore_from, ==, "x");
    g_assert_cmpstr(second->opencore_previous, ==, "/a b/c");
    g_assert_cmpstr(second->opencore_previous_from, ==, "y");
    g_clear_pointer(&first, mvm_metadata_free);
    first = mvm_metadata_parse("<machine><opencore previous='a'/></machine>", "macos", &error);
    g_assert_null(first);
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
}

static void
test_copied(void)
{
    static const char uuid[] = "11111111-1111-4111-8111-111111111111";
    static const char other[] = "22222222-2222-4222-8222-222222222222";
    static const struct {
        const char *text;
        bool copied; /* when it is found in the domain of the first UUID */
    } rows[] = {
        {"<machine/>", false},
        {"<machine uuid='11111111-1111-4111-8111-111111111111'/>", false},
        {"<machine uuid='22222222-2222-4222-8222-222222222222'/>", true},
        {"<machine><render>&lt;domain&gt;&lt;uuid&gt;22222222-2222-4222-8222-222222222222"
         "&lt;/uuid&gt;&lt;/domain&gt;</render></machine>",
         true},
        {"<machine uuid='11111111-1111-4111-8111-111111111111'><render>&lt;domain&gt;&lt;uuid&gt;"
         "22222222-2222-4222-8222-222222222222&lt;/uuid&gt;&lt;/domain&gt;</render></machine>",
         false},
        {"<machine><render>&lt;domain</render></machine>", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MvmMetadata) metadata = mvm_metadata_parse(rows[i].text, "macos", &error);
        g_autofree char *text = NULL;

        g_assert_no_error(error);
        g_assert_cmpint(mvm_metadata_is_copied(metadata, uuid), ==, rows[i].copied);
        text = mvm_metadata_to_text(metadata);
        g_assert_true(metadata->uuid == NULL || strstr(text, metadata->uuid) != NULL);
        g_free(metadata->uuid);
        metadata->uuid = g_strdup(other);
        g_assert_true(mvm_metadata_is_copied(metadata, uuid));
    }
}

static void
test_write_replaces(void)
{
    static const char domain[] = "<domain><metadata><x:a xmlns:x='urn:x'/><macvm:machine " NS
                                 " version='1' os='13'/></metadata></domain>";
    g_autoptr(xmlDoc) doc = mvm_xml_parse(domain, strlen(domain), "domain", NULL);
    g_autoptr(MvmMetadata) metadata = mvm_metadata_new();
    g_autofree char *os = NULL, *count = NULL;

    metadata->os = g_strdup("14");
    mvm_metadata_write(metadata, mvm_xml_get_node(doc, "/domain/metadata"));
    os = mvm_xml_get(doc, "/domain/metadata[count(macvm:machine)=1]/macvm:machine/@os");
    g_assert_cmpstr(os, ==, "14");
    count = mvm_xml_get(doc, "count(/domain/metadata/*)");
    g_assert_cmpstr(count, ==, "2");
}

static void
test_refused(void)
{
    static const char *const texts[] = {
        "",
        "<machine",
        "<other version='1'/>",
        "<x:machine xmlns:x='urn:other'/>",
        "<machine version='-1'/>",
        "<machine uuid='x'/>",
        "<machine><ssh port='65536'/></machine>",
        "<machine><ssh port='0'/></machine>",
        "<machine><ssh port='1'/><ssh port='2'/></machine>",
        "<machine><identity/></machine>",
        "<machine><identity model='iMacPro1,1' serial='C02VV5RFHX87' mlb='C02724302J9JG361Z'/>"
        "</machine>",
        "<machine><identity model='iMacPro1,1' serial='C02VV5RFHX87' mlb='C02724302J9JG361A' "
        "rom='525400ABCDEF'/></machine>",
        "<machine><opencore made='a'/><opencore made='b'/></machine>",
        "<machine><opencore made='01234567890123456789012345678901234567890123456789012345678901234"
        "'/></machine>",
        "<machine><nvram reset='no'/></machine>",
        "<machine><nvram reset='yes'/><nvram/></machine>",
        "<machine><config key='a'>1</config></machine>",
        "<machine><config type='integer'>1</config></machine>",
        "<machine><config key='a' type='dict'/></machine>",
        "<machine><config key='' type='string'/></machine>",
        "<machine><ssh port='22 -oProxyCommand=x'/></machine>",
        "<machine><ssh user='-oProxyCommand=x'/></machine>",
        "<machine><ssh user='a b'/></machine>",
        "<machine><ssh user='$(reboot)'/></machine>",
        "<machine><ssh user=''/></machine>",
        "<machine><option>value</option></machine>",
        "<!DOCTYPE machine [<!ENTITY a 'b'>]><machine os='&a;'/>",
        "<machine os='0123456789012345678901234567890123456789'/>",
        "<machine profile='0'/>",
        "<machine profile='newest'/>",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(mvm_metadata_parse(texts[i], "macos", &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
        g_assert_true(
            g_str_has_prefix(error->message, "cannot read what macvm remembers of 'macos': "));
    }
}

static void
test_bounds(void)
{
    g_autoptr(GString) text = g_string_new("<machine>");
    g_autofree char *large = NULL;

    for (int i = 0; i <= MVM_METADATA_MAX_OPTIONS; i++)
        g_string_append_printf(text, "<option name='o%d'>1</option>", i);
    g_string_append(text, "</machine>");
    g_assert_null(mvm_metadata_parse(text->str, "macos", NULL));

    large = g_strnfill(MVM_METADATA_MAX_SIZE, 'a');
    g_string_printf(text, "<machine><render>%s</render></machine>", large);
    g_assert_null(mvm_metadata_parse(text->str, "macos", NULL));
}

static void
test_ssh_user(void)
{
    static const char *const good[] = {"joe", "joe.doe", "joe-doe", "j@ad.example", "j\xc3\xb6rg"};

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(mvm_ssh_user_is_valid(good[i]));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/metadata/parse", test_parse);
    g_test_add_func("/metadata/round-trip", test_round_trip);
    g_test_add_func("/metadata/options", test_options);
    g_test_add_func("/metadata/newer-version", test_newer_version);
    g_test_add_func("/metadata/copied", test_copied);
    g_test_add_func("/metadata/write-replaces", test_write_replaces);
    g_test_add_func("/metadata/identity", test_identity);
    g_test_add_func("/metadata/refused", test_refused);
    g_test_add_func("/metadata/bounds", test_bounds);
    g_test_add_func("/metadata/ssh-user", test_ssh_user);
    return g_test_run();
}
