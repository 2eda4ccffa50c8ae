/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/error.h"
#include "xml/xml.h"

#include <glib/gstdio.h>
#include <string.h>

static const char domain_text[] =
    "<domain type='kvm' xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
    "  <name> macos </name>\n"
    "  <memory unit='KiB'>4194304</memory>\n"
    "  <!-- kept -->\n"
    "  <devices>\n"
    "    <disk type='file'><source file='/a &amp; b'/><target dev='sda' bus='sata'/></disk>\n"
    "    <disk type='file'><source file='/c'/><target dev='sdb' bus='sata'/></disk>\n"
    "    <input type='tablet' bus='usb'/>\n"
    "  </devices>\n"
    "  <q:commandline><q:arg value='-device'/></q:commandline>\n"
    "</domain>\n";

static xmlDoc *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    xmlDoc *doc = mvm_xml_parse(text, strlen(text), "test", &error);

    g_assert_no_error(error);
    g_assert_nonnull(doc);
    return doc;
}

static void
assert_get(xmlDoc *doc, const char *path, const char *expected)
{
    g_autofree char *value = mvm_xml_get(doc, path);

    g_assert_cmpstr(value, ==, expected);
}

static void
assert_refused(const char *text, size_t len, const char *pattern)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(xmlDoc) doc = mvm_xml_parse(text, len, "domain 'x'", &error);

    g_assert_null(doc);
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
    if (!g_pattern_match_simple(pattern, error->message))
        g_error("'%s' does not match '%s'", error->message, pattern);
}

static char *
nested(unsigned depth)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < depth; i++)
        g_string_append(text, "<a>");
    for (unsigned i = 0; i < depth; i++)
        g_string_append(text, "</a>");
    return g_string_free(text, FALSE);
}

static void
test_parse_refuses(void)
{
    const struct {
        const char *text;
        const char *pattern;
    } cases[] = {
        {"", "cannot parse 'domain 'x'': *"},
        {"<a>\n<b>\n</a>", "cannot parse 'domain 'x'': line 3: *"},
        {"<a/><b/>", "cannot parse *: line 1: *"},
        {"<a>&nbsp;</a>", "cannot parse *: line 1: *"},
        {"<a:b/>", "cannot parse *"},
        {"<a b='\xff'/>", "cannot parse *"},
        {"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xf6</a>", "cannot parse *"},
        {"<?xml version='1.0' encoding='UTF-16'?><a>\xd8\xd8</a>", "cannot parse *"},
        {"<?xml version='1.0' encoding='EUC-JP'?><a>\x8f\xff</a>", "cannot parse *"},
        {"<!DOCTYPE a><a/>", "*a document type is not allowed"},
        {"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "*a document type is not allowed"},
        {"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "*a document type is not allowed"},
    };
    g_autofree char *deep = nested(MVM_XML_MAX_DEPTH + 1);
    g_autofree char *deeper = nested(100000);
    g_autofree char *longer = g_malloc0(MVM_XML_MAX_SIZE + 1);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_refused(cases[i].text, strlen(cases[i].text), cases[i].pattern);
    assert_refused(deep, strlen(deep), "*nested more than 100 deep");
    assert_refused(deeper, strlen(deeper), "cannot parse *");
    assert_refused(longer, MVM_XML_MAX_SIZE + 1, "*more than 4194304 bytes");
    assert_refused("<a>\0</a>", 8, "cannot parse *");
}

/* A property list may name its DTD; it must not bring one along, nor lean on what it would say. */
static void
test_parse_plist(void)
{
    const char *good[] = {
        "<!DOCTYPE plist PUBLIC '-//x//DTD' 'file:///no/such.dtd'><plist>&#65;</plist>",
        "<!DOCTYPE plist><plist>A</plist>",
        "<plist>A</plist>",
    };
    const char *bad[] = {
        "<!DOCTYPE plist [<!ENTITY x 'A'>]><plist>&x;</plist>",
        "<!DOCTYPE plist [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><plist>A</plist>",
        "<!DOCTYPE plist [<!ENTITY % x SYSTEM 'file:///etc/passwd'> %x;]><plist>A</plist>",
        "<!DOCTYPE plist [<!ATTLIST plist a CDATA 'b'>]><plist>A</plist>",
        "<!DOCTYPE plist [<!ATTLIST plist a (b|c) 'b'>]><plist>A</plist>",
        "<!DOCTYPE plist [<!ELEMENT plist (a|b)>]><plist>A</plist>",
        "<!DOCTYPE plist [<!NOTATION x SYSTEM 'y'>]><plist>A</plist>",
        "<!DOCTYPE plist SYSTEM 'file:///etc/passwd'><plist>&x;</plist>",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(xmlDoc) doc = mvm_xml_parse_plist(good[i], strlen(good[i]), "plist", &error);
        g_autofree char *text = doc == NULL ? NULL : mvm_xml_get(doc, "/plist");

        g_assert_no_error(error);
        g_assert_cmpstr(text, ==, "A");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(mvm_xml_parse_plist(bad[i], strlen(bad[i]), "plist", &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
        g_assert_true(g_str_has_suffix(error->message, "a document type is not allowed"));
    }
}

/* libxml2 prints its complaints unless it is told not to; a library must not. */
static void
test_parse_is_silent(void)
{
    if (g_test_subprocess()) {
        g_autoptr(xmlDoc) doc = parse(domain_text);

        test_parse_refuses();
        g_assert_cmpuint(mvm_xml_remove(doc, "/none"), ==, 0);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("");
}

static void
test_parse_limits(void)
{
    g_autofree char *text = nested(MVM_XML_MAX_DEPTH);
    g_autoptr(xmlDoc) doc = parse(text);

    g_assert_nonnull(doc);
}

static void
test_parse_file(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_strdup_printf("%s/macvm-xml-XXXXXX", g_get_tmp_dir());
    int fd = g_mkstemp(path);
    g_autoptr(xmlDoc) doc = NULL;

    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(path, domain_text, -1, NULL));
    doc = mvm_xml_parse_file(path, &error);
    g_assert_no_error(error);
    assert_get(doc, "/domain/@type", "kvm");
    g_unlink(path);
    g_assert_null(mvm_xml_parse_file(path, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
}

static void
test_print(void)
{
    g_autoptr(xmlDoc) doc = parse("<a b='1'><c>x &lt; y</c><!-- n --><d><e/></d>\n\n</a>");
    g_autofree char *text = mvm_xml_to_text(doc);

    g_assert_cmpstr(text, ==,
                    "<a b=\"1\">\n"
                    "  <c>x &lt; y</c>\n"
                    "  <!-- n -->\n"
                    "  <d>\n"
                    "    <e/>\n"
                    "  </d>\n"
                    "</a>\n");
}

static void
test_print_node_alone(void)
{
    g_autoptr(xmlDoc) doc = parse(domain_text);
    g_autofree char *text = mvm_xml_node_to_text(mvm_xml_get_node(doc, "//qemu:arg"));
    g_autoptr(xmlDoc) alone = parse(text);

    assert_get(alone, "/qemu:arg/@value", "-device");
}

static void
test_get(void)
{
    g_autoptr(xmlDoc) doc = parse(domain_text);
    g_autoptr(GPtrArray) nodes = mvm_xml_get_nodes(doc, "/domain/devices/disk");
    g_autoptr(GPtrArray) none = mvm_xml_get_nodes(doc, "/domain/devices/hostdev");
    g_autofree char *relative = mvm_xml_node_get(nodes->pdata[1], "target/@dev");

    assert_get(doc, "/domain/devices/disk[target/@dev='sda']/source/@file", "/a & b");
    assert_get(doc, "/domain/qemu:commandline/qemu:arg/@value", "-device");
    assert_get(doc, "/domain/devices/hostdev/@mode", NULL);
    assert_get(doc, "normalize-space(/domain/name)", "macos");
    assert_get(doc, "count(//disk)", "2");
    g_assert_cmpuint(nodes->len, ==, 2);
    g_assert_cmpuint(none->len, ==, 0);
    g_assert_cmpstr(relative, ==, "sdb");
    g_assert_null(mvm_xml_get_node(doc, "/domain/uuid"));
    g_assert_null(mvm_xml_get_node(doc, "/domain/@type"));
}

static void
test_get_uint(void)
{
    g_autoptr(xmlDoc) doc = parse(domain_text);
    g_autoptr(GError) error = NULL;
    uint64_t value = 7;

    g_assert_true(mvm_xml_get_uint(doc, "/domain/memory", &value, NULL));
    g_assert_cmpuint(value, ==, 4194304);
    g_assert_false(mvm_xml_get_uint(doc, "/domain/name", &value, &error));
    g_assert_cmpstr(error->message, ==, "cannot read '/domain/name': not a number");
    g_clear_error(&error);
    g_assert_false(mvm_xml_get_uint(doc, "/domain/vcpu", &value, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
    g_assert_cmpuint(value, ==, 4194304);
}

static void
test_set(void)
{
    g_autoptr(xmlDoc) doc = parse(domain_text);

    mvm_xml_set(doc, "/domain/devices/disk[target/@dev='sdb']/source/@file", "/%s", "d<e>&\"'");
    assert_get(doc, "/domain/devices/disk[2]/source/@file", "/d<e>&\"'");
    mvm_xml_set(doc, "/domain/memory", "%d", 5);
    assert_get(doc, "/domain/memory", "5");
    assert_get(doc, "/domain/memory/@unit", "KiB");
    mvm_xml_set(doc, "/domain/devices/disk[target/@dev='sdc']/source/@file", "/new");
    assert_get(doc, "/domain/devices/disk[3]/target/@dev", "sdc");
    assert_get(doc, "/domain/devices/disk[3]/source/@file", "/new");
    mvm_xml_set(doc, "/domain/clock/timer[@name=\"tsc\"]/@frequency", "1");
    mvm_xml_set(doc, "/domain/clock/timer[@name='tsc']/@frequency", "2");
    assert_get(doc, "count(/domain/clock/timer)", "1");
    assert_get(doc, "/domain/clock/timer/@frequency", "2");
    mvm_xml_set(doc, "/domain/title", "AT&T &amp;");
    assert_get(doc, "/domain/title", "AT&T &amp;");
    mvm_xml_set(doc, "/domain/title", "%s", "");
    assert_get(doc, "/domain/title", "");
}

static void
test_set_namespaces(void)
{
    g_autoptr(xmlDoc) doc = parse(domain_text);
    g_autoptr(xmlDoc) again = NULL;
    g_autofree char *text = NULL;

    mvm_xml_set(doc, "/domain/metadata/macvm:vm/macvm:ssh/@port", "2222");
    mvm_xml_ensure(doc, "/domain/qemu:commandline/qemu:arg[@value='-global']");
    text = mvm_xml_to_text(doc);
    again = parse(text);
    assert_get(again, "/domain/metadata/macvm:vm/macvm:ssh/@port", "2222");
    assert_get(again, "count(/domain/qemu:commandline/qemu:arg)", "2");
}

static void
test_set_wrong_path(void)
{
    const char *paths[] = {"",
                           "domain",
                           "/",
                           "//disk",
                           "/other/x",
                           "/domain/@",
                           "/domain/x[1]",
                           "/domain/@a/b",
                           "/domain/x[@a='b]",
                           "/domain[@a]",
                           "/domain/x[@a=b]"};
    g_autoptr(xmlDoc) doc = parse(domain_text);
    g_autoptr(xmlDoc) before = mvm_xml_copy(doc);

    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_test_expect_message("macvm", G_LOG_LEVEL_CRITICAL, "cannot write to path: *");
        mvm_xml_set(doc, paths[i], "x");
        g_test_assert_expected_messages();
    }
    g_assert_true(mvm_xml_equal(xmlDocGetRootElement(doc), xmlDocGetRootElement(before)));
}

static void
test_remove(void)
{
    g_autoptr(xmlDoc) doc = parse(domain_text);

    g_assert_cmpuint(mvm_xml_remove(doc, "//disk | //disk/source | //disk/source/@file"), ==, 6);
    assert_get(doc, "count(/domain/devices/*)", "1");
    g_assert_cmpuint(mvm_xml_remove(doc, "/domain/@type"), ==, 1);
    assert_get(doc, "/domain/@type", NULL);
    g_assert_cmpuint(mvm_xml_remove(doc, "/domain | /"), ==, 0);
    g_assert_nonnull(xmlDocGetRootElement(doc));
}

static void
test_build(void)
{
    g_autoptr(xmlDoc) doc = mvm_xml_new("volume");
    xmlNode *root = xmlDocGetRootElement(doc);
    g_autofree char *text = NULL;

    mvm_xml_add_text(root, "name", "%s&%s", "AT", "T");
    mvm_xml_attr(mvm_xml_attr(mvm_xml_add(root, "a"), "b", "<%d>", 1), "c", "\x01\xff");
    mvm_xml_attr(mvm_xml_add(root, "qemu:arg"), "value", "x");
    text = mvm_xml_to_text(doc);
    g_assert_cmpstr(text, ==,
                    "<volume xmlns:qemu=\"http://libvirt.org/schemas/domain/qemu/1.0\">\n"
                    "  <name>AT&amp;T</name>\n"
                    "  <a b=\"&lt;1&gt;\" c=\"\xef\xbf\xbd\xef\xbf\xbd\"/>\n"
                    "  <qemu:arg value=\"x\"/>\n"
                    "</volume>\n");
}

static void
test_equal(void)
{
    const struct {
        const char *a;
        const char *b;
        bool equal;
    } cases[] = {
        {"<a b='1' c='2'> x </a>", "<a c='2' b='1'>x</a>", true},
        {"<a><b/><!-- x --></a>", "<a>\n<b></b></a>", true},
        {"<p:a xmlns:p='u'/>", "<q:a xmlns:q='u'/>", true},
        {"<p:a xmlns:p='u'/>", "<p:a xmlns:p='v'/>", false},
        {"<a xmlns:p='u' p:b='1'/>", "<a xmlns:p='u' b='1'/>", false},
        {"<a b='1'/>", "<a/>", false},
        {"<a/>", "<a b='1'/>", false},
        {"<a b='1'/>", "<a b='2'/>", false},
        {"<a><b/><c/></a>", "<a><c/><b/></a>", false},
        {"<a><b/></a>", "<a><b/><b/></a>", false},
        {"<a>x</a>", "<a>y</a>", false},
        {"<a/>", "<b/>", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(xmlDoc) a = parse(cases[i].a);
        g_autoptr(xmlDoc) b = parse(cases[i].b);

        if (mvm_xml_equal(xmlDocGetRootElement(a), xmlDocGetRootElement(b)) != cases[i].equal)
            g_error("wrong for %s and %s", cases[i].a, cases[i].b);
    }
}

static void
test_new_names(void)
{
    static const char before[] = "<domain xmlns:q='u'><metadata/><a b='1'><c/></a><q:d/></domain>";
    const struct {
        const char *after;
        bool new;
    } cases[] = {
        {before, false},
        {"<domain><a b='2'>text<c/><c/></a></domain>", false},
        {"<domain xmlns:r='u'><r:d/><!-- e --></domain>", false},
        {"<domain><metadata><mine x='1'/></metadata></domain>", false},
        {"<domain><metadata x='1'/></domain>", true},
        {"<domain><a b='1' e='1'/></domain>", true},
        {"<domain><a><c b='1'/></a></domain>", true},
        {"<domain><c/></domain>", true},
        {"<domain><d/></domain>", true},
        {"<domain xmlns:q='v'><q:d/></domain>", true},
        {"<domain><a><b/></a></domain>", true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(xmlDoc) old = parse(before);
        g_autoptr(xmlDoc) new = parse(cases[i].after);

        g_test_message("%s", cases[i].after);
        g_assert_cmpint(mvm_xml_has_new_names(old, new), ==, cases[i].new);
    }
}

static void
test_copy(void)
{
    g_autoptr(xmlDoc) doc = parse(domain_text);
    g_autoptr(xmlDoc) copy = mvm_xml_copy(doc);

    g_assert_true(mvm_xml_equal(xmlDocGetRootElement(doc), xmlDocGetRootElement(copy)));
    mvm_xml_set(copy, "/domain/name", "other");
    assert_get(doc, "normalize-space(/domain/name)", "macos");
    assert_get(copy, "/domain/name", "other");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xml/parse-refuses", test_parse_refuses);
    g_test_add_func("/xml/parse-is-silent", test_parse_is_silent);
    g_test_add_func("/xml/parse-limits", test_parse_limits);
    g_test_add_func("/xml/parse-file", test_parse_file);
    g_test_add_func("/xml/parse-plist", test_parse_plist);
    g_test_add_func("/xml/print", test_print);
    g_test_add_func("/xml/print-node-alone", test_print_node_alone);
    g_test_add_func("/xml/get", test_get);
    g_test_add_func("/xml/get-uint", test_get_uint);
    g_test_add_func("/xml/set", test_set);
    g_test_add_func("/xml/set-namespaces", test_set_namespaces);
    g_test_add_func("/xml/set-wrong-path", test_set_wrong_path);
    g_test_add_func("/xml/remove", test_remove);
    g_test_add_func("/xml/build", test_build);
    g_test_add_func("/xml/equal", test_equal);
    g_test_add_func("/xml/new-names", test_new_names);
    g_test_add_func("/xml/copy", test_copy);
    return g_test_run();
}
