/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* -device and -smbios. */
#include "import/qemu-args.h"
#include "util/secret.h"

#include <string.h>

/* What a machine of macvm has one of as well, and which of its video cards a driver is. */
static const struct {
    const char *driver, *video;
} own[] = {{"ide-hd", NULL},         {"ide-drive", NULL},      {"ich9-ahci", NULL},
           {"ahci", NULL},           {"usb-kbd", NULL},        {"usb-tablet", NULL},
           {"qemu-xhci", NULL},      {"hda-duplex", NULL},     {"ich9-intel-hda", NULL},
           {"vmware-svga", "vmvga"}, {"VGA", "vga"},           {"qxl", "qxl"},
           {"qxl-vga", "qxl"},       {"virtio-vga", "virtio"}, {"bochs-display", "bochs"},
           {"ramfb", "ramfb"}};

/* Names by which the arguments find each other. */
static const char *const plumbing[] = {"id", "bus", "drive"};

/* False for a driver that is none of those. */
static bool
read_own(MvmQemuReader *reader, MvmQemuValues *values, const char *driver)
{
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++) {
        if (!g_str_equal(driver, own[i].driver))
            continue;
        if (own[i].video != NULL)
            mvm_import_set(reader->source, MVM_OPTION_VIDEO, own[i].video, "video card");
        for (size_t k = 0; k < G_N_ELEMENTS(plumbing); k++)
            mvm_qemu_values_same(values, plumbing[k], NULL);
        return true;
    }
    return false;
}

void
mvm_qemu_read_device(MvmQemuReader *reader, const char *text)
{
    g_auto(MvmQemuValues) values = {0};
    const char *key = "", *driver = NULL, *osk = NULL;

    mvm_qemu_values_init(&values, "-device", text);
    if (mvm_qemu_values_get(&values, "driver") != NULL)
        key = "driver";
    driver = mvm_qemu_values_get(&values, key);
    if (driver == NULL || *driver == '{') {
        mvm_import_leave(reader->source, "argument '-device %s'", text);
        return;
    }
    osk = mvm_qemu_values_get(&values, "osk");
    if (g_str_equal(driver, "isa-applesmc") && osk != NULL) {
        mvm_secret_free(reader->source->osk);
        reader->source->osk = g_strdup(mvm_qemu_values_take(&values, "osk"));
        mvm_qemu_values_same(&values, key, NULL);
    } else if (mvm_qemu_values_get(&values, "netdev") != NULL) {
        mvm_qemu_values_same(&values, key, NULL);
        mvm_qemu_read_card(reader, &values, driver);
        return;
    } else if (read_own(reader, &values, driver)) {
        mvm_qemu_values_same(&values, key, NULL);
    }
    mvm_qemu_values_leave(&values, reader->source);
}

/* type=1 is the system, type=2 the board (qemu_smbios_type1_opts and _type2_opts in
 * hw/smbios/smbios.c); libvirt has the same names but for one. */
void
mvm_qemu_read_smbios(MvmQemuReader *reader, const char *text)
{
    static const char *const names[] = {"manufacturer", "product",  "version", "serial",
                                        "asset",        "location", "sku",     "family"};
    g_auto(MvmQemuValues) values = {0};
    const char *type = NULL;
    bool board = false;

    mvm_qemu_values_init(&values, "-smbios", text);
    type = mvm_qemu_values_get(&values, "type");
    board = g_strcmp0(type, "2") == 0;
    if (board || g_strcmp0(type, "1") == 0) {
        (void)mvm_qemu_values_take(&values, "type");
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
            bool known = board ? i < 6 : i < 4 || i > 5;
            const char *value = known ? mvm_qemu_values_take(&values, names[i]) : NULL;

            if (value != NULL)
                mvm_import_set_smbios(reader->source, board ? "baseBoard" : "system", names[i],
                                      value);
        }
        if (!board && mvm_qemu_values_get(&values, "uuid") != NULL)
            mvm_import_set_uuid(reader->source, mvm_qemu_values_take(&values, "uuid"));
    }
    mvm_qemu_values_leave(&values, reader->source);
}
