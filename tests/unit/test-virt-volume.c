/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/error.h"
#include "virt/upload-priv.h"
#include "virt/volume-priv.h"
#include "xml/xml.h"

#include <string.h>

static MvmVolume *
volume(const char *name, const char *backing)
{
    MvmVolume *made = g_new0(MvmVolume, 1);

    made->pool = g_strdup("macvm");
    made->name = g_strdup(name);
    made->path = g_strdup_printf("/pool/%s", name);
    made->backing = g_strdup(backing);
    return made;
}

static void
test_names(void)
{
    const char *good[] = {"macos.qcow2", "a b", "-x", "Käse \"&<'", "x.part.img"};
    const char *bad[] = {"", ".", "..", "a/b", "a\nb", "a\x7f", "\xff", "x.part", "x.new.part"};
    g_autofree char *longest = g_strnfill(200, 'n');
    g_autofree char *too_long = g_strnfill(201, 'n');

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(mvm_volume_check_name(good[i], NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(mvm_volume_check_name(bad[i], &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_USAGE);
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
    }
    g_assert_true(mvm_volume_check_name(longest, NULL));
    g_assert_false(mvm_volume_check_name(too_long, NULL));
}

static void
test_parse(void)
{
    const char *xml = "<volume type='file'><name>a &amp; b</name><capacity unit='bytes'>85899345920"
                      "</capacity><allocation unit='bytes'>200704</allocation><target>"
                      "<path>/pool/a &amp; b</path><format type='qcow2'/></target>"
                      "<backingStore><path>/pool/base</path></backingStore></volume>";
    g_autoptr(MvmVolume) full = mvm_volume_parse(xml, "macvm", NULL);
    g_autoptr(MvmVolume) bare = mvm_volume_parse(
        "<volume><name>n</name><target><path>/n</path></target></volume>", "p", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_cmpstr(full->name, ==, "a & b");
    g_assert_cmpstr(full->path, ==, "/pool/a & b");
    g_assert_cmpuint(full->capacity, ==, UINT64_C(85899345920));
    g_assert_cmpuint(full->allocation, ==, 200704);
    g_assert_cmpstr(full->format, ==, "qcow2");
    g_assert_cmpstr(full->backing, ==, "/pool/base");
    g_assert_cmpstr(bare->format, ==, "");
    g_assert_null(bare->backing);
    g_assert_null(mvm_volume_parse("<volume><name>n</name></volume>", "p", &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
}

static void
test_new_xml(void)
{
    g_autofree char *xml = mvm_volume_new_xml("<&\"'", "raw", UINT64_C(1) << 40);

    g_assert_cmpstr(xml, ==,
                    "<volume>\n  <name>&lt;&amp;\"'</name>\n"
                    "  <capacity unit=\"bytes\">1099511627776</capacity>\n"
                    "  <allocation>0</allocation>\n"
                    "  <target>\n    <format type=\"raw\"/>\n  </target>\n</volume>\n");
}

static bool
text_uses(const char *text)
{
    g_autoptr(MvmVolume) image = volume("x.img", NULL);
    g_auto(MvmImageSet) images = {0};

    mvm_image_set_init(&images, image->path, false);
    g_ptr_array_add(images.volumes, image);
    return mvm_domain_xml_uses(text, &images);
}

static bool
uses(const char *inside)
{
    g_autofree char *xml =
        g_strdup_printf("<domain xmlns:qemu='" MVM_XML_NS_QEMU "'>%s</domain>", inside);

    return text_uses(xml);
}

static void
test_uses(void)
{
    const char *yes[] = {
        "<devices><disk><source file='/pool/x.img'/></disk></devices>",
        "<devices><disk><source file='/pool//./x.img'/></disk></devices>",
        "<devices><disk><source dev='/pool/x.img'/></disk></devices>",
        "<devices><disk><source pool='macvm' volume='x.img'/></disk></devices>",
        ("<devices><disk><source file='/y'/><backingStore><source file='/z'/><backingStore>"
         "<source file='/pool/x.img'/></backingStore></backingStore></disk></devices>"),
        "<devices><disk><mirror file='/pool/x.img'/></disk></devices>",
        "<devices><disk device='cdrom'><source file='/pool/x.img'/></disk></devices>",
        "<devices><disk device='floppy'><source file='/pool/x.img'/></disk></devices>",
        "<devices><filesystem type='file'><source file='/pool/x.img'/></filesystem></devices>",
        "<devices><filesystem><source dir='/pool/x.img'/></filesystem></devices>",
        "<devices><new><file>/pool/x.img</file></new></devices>",
        "<os><loader stateless='yes'>/pool/x.img</loader></os>",
        "<os><loader>/pool/x.img</loader></os>",
        "<os><nvram template='/t'> /pool/x.img </nvram></os>",
        "<os><nvram template='/pool/x.img'/></os>",
        "<os><kernel>/pool/x.img</kernel></os>",
        "<qemu:commandline><qemu:arg value='file=/pool/x.img,if=none'/></qemu:commandline>",
        "<qemu:commandline><qemu:arg value='{\"filename\":\"/pool/x.img\"}'/></qemu:commandline>",
        "<qemu:commandline><qemu:arg value='/pool/x.img.old,/pool/x.img'/></qemu:commandline>",
    };
    const char *no[] = {
        "",
        "<devices><disk><source file='/pool/x.img.old'/></disk></devices>",
        "<devices><disk><source file='/other/pool/x.img'/></disk></devices>",
        "<devices><disk><source pool='other' volume='x.img'/></disk></devices>",
        "<devices><disk><source volume='x.img'/></disk></devices>",
        "<metadata><m xmlns='urn:m'><disk path='/pool/x.img'/></m></metadata>",
        "<description>/pool/x.img</description>",
        "<qemu:commandline><qemu:arg value='file=/pool/x.img-2'/></qemu:commandline>",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(yes); i++)
        g_assert_true(uses(yes[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(no); i++)
        g_assert_false(uses(no[i]));
    /* A snapshot goes back to domains, and has files of its own. */
    g_assert_true(text_uses("<domainsnapshot><domain><devices><disk><source file='/pool/x.img'/>"
                            "</disk></devices></domain></domainsnapshot>"));
    g_assert_true(text_uses("<domainsnapshot><inactiveDomain><os><nvram>/pool/x.img</nvram></os>"
                            "</inactiveDomain></domainsnapshot>"));
    g_assert_true(text_uses("<domainsnapshot><disks><disk><source file='/pool/x.img'/></disk>"
                            "</disks></domainsnapshot>"));
    g_assert_true(text_uses("<domainsnapshot><memory file='/pool/x.img'/></domainsnapshot>"));
    g_assert_false(text_uses("<domainsnapshot><memory file='/pool/y'/></domainsnapshot>"));
    /* What cannot be read counts by what it mentions. */
    g_assert_true(text_uses("<domain><devices><disk><source file='/pool/x.img'/>"));
    g_assert_false(text_uses("<domain><devices><disk><source file='/pool/x.img2'/>"));
    g_assert_true(text_uses("<domain><devices><disk><source file='/pool/x.img'/>\320</disk>"
                            "</devices></domain>"));
}

static void
test_based_on(void)
{
    g_autoptr(GPtrArray) volumes = mvm_volume_array_new();
    g_autoptr(GPtrArray) found = NULL;
    g_autoptr(GPtrArray) none = NULL;

    /* In an order in which one round does not find them all, and with a circle beside. */
    g_ptr_array_add(volumes, volume("top", "/pool//middle"));
    g_ptr_array_add(volumes, volume("middle", "/pool/base"));
    g_ptr_array_add(volumes, volume("base", NULL));
    g_ptr_array_add(volumes, volume("c1", "/pool/c2"));
    g_ptr_array_add(volumes, volume("c2", "/pool/c1"));
    found = mvm_volume_find_based_on(volumes, "/pool/base", false);
    g_assert_cmpuint(found->len, ==, 2);
    g_assert_true(g_ptr_array_find(found, volumes->pdata[0], NULL));
    g_assert_true(g_ptr_array_find(found, volumes->pdata[1], NULL));
    none = mvm_volume_find_based_on(volumes, "/pool/top", false);
    g_assert_cmpuint(none->len, ==, 0);
    g_ptr_array_unref(g_steal_pointer(&none));
    none = mvm_volume_find_based_on(volumes, "/pool/c1", false);
    g_assert_cmpuint(none->len, ==, 2);
}

static void
test_head(void)
{
    uint8_t raw[MVM_QCOW2_HEAD] = {0};
    uint8_t plain[MVM_QCOW2_HEAD] = {'Q', 'F', 'I', 0xfb, 0, 0, 0, 3};
    uint8_t backed[MVM_QCOW2_HEAD] = {'Q', 'F', 'I', 0xfb, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1};
    uint8_t split[MVM_QCOW2_HEAD] = {'Q', 'F', 'I', 0xfb, 0, 0, 0, 3, [79] = 4};
    uint8_t old[MVM_QCOW2_HEAD] = {'Q', 'F', 'I', 0xfb, 0, 0, 0, 2, [79] = 4};

    g_assert_false(mvm_qcow2_head_draws(raw, sizeof raw));
    g_assert_false(mvm_qcow2_head_draws(plain, sizeof plain));
    g_assert_false(mvm_qcow2_head_draws(old, sizeof old));
    g_assert_true(mvm_qcow2_head_draws(backed, sizeof backed));
    g_assert_true(mvm_qcow2_head_draws(split, sizeof split));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virt-volume/names", test_names);
    g_test_add_func("/virt-volume/parse", test_parse);
    g_test_add_func("/virt-volume/new-xml", test_new_xml);
    g_test_add_func("/virt-volume/uses", test_uses);
    g_test_add_func("/virt-volume/based-on", test_based_on);
    g_test_add_func("/virt-volume/head", test_head);
    return g_test_run();
}
