/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine/os.h"

#include "util/error.h"

#include <string.h>

/*
 * NIC: macOS has a virtio-net driver from 11 on; before that vmxnet3 is the one it knows
 * (OSX-KVM's boot script; quickemu; LongQT-sea/OpenCore-ISO).
 * USB: xHCI input fails in 10.14 and before (notAperson535/OneClick-macOS-Simple-KVM issue 129),
 * EHCI since 14.4 (kholia/OSX-KVM pull request 238).
 * Tablet: 26 wants virtio (LongQT-sea/OpenCore-ISO issue 5).
 * Model: iMacPro1,1 is upstream's own and the newest that runs 10.13; 26 has dropped it and runs on
 * MacPro7,1 (thenickdude/KVM-Opencore pull request 84).
 * CPU: SSE4.1 from 10.12, SSE4.2 from 10.15 (quickemu), AVX2 from 13 (OSX-KVM's README).
 */
#define VMXNET3 "vmxnet3", "vmxnet3"
#define VIRTIO "virtio", "virtio-net-pci"
#define USB2 "ich9-ehci1"
#define USB3 "qemu-xhci"
#define IMAC_PRO "iMacPro1,1"
#define MAC_PRO "MacPro7,1"

static const MvmOs table[] = {
    {"10.13", "high-sierra", "High Sierra", VMXNET3, USB2, "usb", IMAC_PRO, "sse4.1"},
    {"10.14", "mojave", "Mojave", VMXNET3, USB2, "usb", IMAC_PRO, "sse4.1"},
    {"10.15", "catalina", "Catalina", VMXNET3, USB3, "usb", IMAC_PRO, "sse4.2"},
    {"11", "big-sur", "Big Sur", VIRTIO, USB3, "usb", IMAC_PRO, "sse4.2"},
    {"12", "monterey", "Monterey", VIRTIO, USB3, "usb", IMAC_PRO, "sse4.2"},
    {"13", "ventura", "Ventura", VIRTIO, USB3, "usb", IMAC_PRO, "sse4.2 avx2"},
    {"14", "sonoma", "Sonoma", VIRTIO, USB3, "usb", IMAC_PRO, "sse4.2 avx2"},
    {"15", "sequoia", "Sequoia", VIRTIO, USB3, "usb", IMAC_PRO, "sse4.2 avx2"},
    {"26", "tahoe", "Tahoe", VIRTIO, USB3, "virtio", MAC_PRO, "sse4.2 avx2"},
};

static bool
same_name(const char *name, const char *text)
{
    for (; *name != '\0' && *text != '\0'; name++, text++) {
        char a = *name, b = g_ascii_tolower(*text);

        if (b == ' ' || b == '_')
            b = '-';
        if (a != b)
            return false;
    }
    return *name == *text;
}

const MvmOs *
mvm_os_find(const char *text, GError **error)
{
    g_autoptr(GString) all = g_string_new(NULL);
    g_autofree char *shown = g_strescape(text, NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        if (strcmp(table[i].id, text) == 0 || same_name(table[i].name, text))
            return &table[i];
        g_string_append_printf(all, "%s%s (%s)", i > 0 ? ", " : "", table[i].id, table[i].name);
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                "cannot find macOS version '%s': not one that macvm knows", shown);
    mvm_error_set_hint(error, "known are %s", all->str);
    return NULL;
}

const MvmOs *
mvm_os_list(size_t *ret_count)
{
    *ret_count = G_N_ELEMENTS(table);
    return table;
}
