/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine/os.h"

#include "util/error.h"

#include <string.h>

/*
 * Where the figures come from. All repositories named are on https://github.com.
 *
 * CPU. Haswell-noTSX is the user's own for 14 (design), what thenickdude says for AMD's
 * (thenickdude/KVM-Opencore issue 45) and what Coopydood/ultimate-macOS-KVM (autopilot.py) has from
 * 10.13 on. For 15 and 26 LongQT-sea/OpenCore-ISO and dockur/macos (src/cpu.sh) have moved on to
 * Skylake-Client without TSX on Intel's. Penryn is upstream's (kholia/OSX-KVM, OpenCore-Boot.sh):
 * for what does without AVX2. On AMD's up to 12 pcid is hidden (LongQT-sea/OpenCore-ISO, README).
 * Needs: SSE4.1 from 10.12 (kholia/OSX-KVM, README), SSE4.2 from 10.15 (quickemu-project/quickemu),
 * AVX2 from 13 (kholia/OSX-KVM, README and pull request 207).
 * NIC: macOS has a virtio-net driver from 11 on; before that vmxnet3 is the one it knows
 * (kholia/OSX-KVM, OpenCore-Boot.sh; quickemu; LongQT-sea/OpenCore-ISO).
 * Disk: SATA works in all of them (kholia/OSX-KVM); virtio-blk not in 10.13, not in the recovery
 * system of 10.14 (quickemu), and an upgraded macOS keeps the disk that it has.
 * USB: xHCI input fails in 10.14 and before (notAperson535/OneClick-macOS-Simple-KVM issue 129),
 * EHCI since 14.4 (kholia/OSX-KVM pull request 238); 10.15 has both (dockur/macos).
 * Tablet: 26 wants virtio (LongQT-sea/OpenCore-ISO issue 5).
 * Sound: hda everywhere (kholia/OSX-KVM). Screen: vmvga (kholia/OSX-KVM, quickemu, dockur/macos).
 * Model: iMacPro1,1 is upstream's own and the newest that runs 10.13; 26 has dropped it and runs on
 * MacPro7,1 (thenickdude/KVM-Opencore pull request 84).
 * Memory and disk: Apple's own figures for 10.13 to 12 (support.apple.com, "How to upgrade to
 * macOS", general requirements); from 13 on Apple names none, and those of 12 are taken.
 * QEMU: pc-q35-4.2 is the oldest machine that the three libvirt samples were made for (kholia's,
 * ultimate-macOS-KVM's and KVM-Opencore's). libvirt: 8.1 is the first that has all calls of macvm.
 */
#define HASWELL "Haswell-noTSX"
#define SKYLAKE "Skylake-Client-noTSX-IBRS"

static const MvmOsCpu cpu_to_12[MVM_CPU_KINDS] = {
    [MVM_CPU_KIND_INTEL] = {NULL, HASWELL, "Penryn", ""},
    [MVM_CPU_KIND_AMD] = {NULL, HASWELL, "Penryn", "pcid"},
    [MVM_CPU_KIND_TCG] = {NULL, HASWELL, "Penryn", ""},
};

static const MvmOsCpu cpu_to_14[MVM_CPU_KINDS] = {
    [MVM_CPU_KIND_INTEL] = {NULL, HASWELL, NULL, ""},
    [MVM_CPU_KIND_AMD] = {NULL, HASWELL, NULL, ""},
    [MVM_CPU_KIND_TCG] = {NULL, HASWELL, NULL, ""},
};

static const MvmOsCpu cpu_from_15[MVM_CPU_KINDS] = {
    [MVM_CPU_KIND_INTEL] = {SKYLAKE, HASWELL, NULL, ""},
    [MVM_CPU_KIND_AMD] = {NULL, HASWELL, NULL, ""},
    [MVM_CPU_KIND_TCG] = {NULL, HASWELL, NULL, ""},
};

#define SSE41 "sse4.1"
#define SSE42 "sse4.2"
#define AVX2 "sse4.2 avx2"
#define VMXNET3 "vmxnet3", "vmxnet3"
#define VIRTIO "virtio", "virtio-net-pci"
#define USB2 "ich9-ehci1"
#define USB3 "qemu-xhci"
#define REST "ich9", "vmvga"
#define IMAC "iMacPro1,1"
#define MAC_PRO "MacPro7,1"
#define SINCE                                                                                      \
    {                                                                                              \
        MVM_VERSION(8, 1, 0), MVM_VERSION(4, 2, 0)                                                 \
    }

static const MvmOs table[] = {
    {"10.13", "high-sierra", "High Sierra", cpu_to_12, SSE41, VMXNET3, "sata", USB2, "usb", REST,
     IMAC, 2, 15, SINCE},
    {"10.14", "mojave", "Mojave", cpu_to_12, SSE41, VMXNET3, "sata", USB2, "usb", REST, IMAC, 2, 13,
     SINCE},
    {"10.15", "catalina", "Catalina", cpu_to_12, SSE42, VMXNET3, "sata", USB3, "usb", REST, IMAC, 4,
     13, SINCE},
    {"11", "big-sur", "Big Sur", cpu_to_12, SSE42, VIRTIO, "sata", USB3, "usb", REST, IMAC, 4, 36,
     SINCE},
    {"12", "monterey", "Monterey", cpu_to_12, SSE42, VIRTIO, "sata", USB3, "usb", REST, IMAC, 4, 26,
     SINCE},
    {"13", "ventura", "Ventura", cpu_to_14, AVX2, VIRTIO, "sata", USB3, "usb", REST, IMAC, 4, 26,
     SINCE},
    {"14", "sonoma", "Sonoma", cpu_to_14, AVX2, VIRTIO, "sata", USB3, "usb", REST, IMAC, 4, 26,
     SINCE},
    {"15", "sequoia", "Sequoia", cpu_from_15, AVX2, VIRTIO, "sata", USB3, "usb", REST, IMAC, 4, 26,
     SINCE},
    {"26", "tahoe", "Tahoe", cpu_from_15, AVX2, VIRTIO, "sata", USB3, "virtio", REST, MAC_PRO, 4,
     26, SINCE},
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

/* Those of needs that are in missing, for people; NULL when there are none. */
static char *
list_missing(const char *needs, const char *const *missing)
{
    g_auto(GStrv) needed = g_strsplit(needs, " ", -1);
    g_autoptr(GStrvBuilder) lacking = g_strv_builder_new();
    g_auto(GStrv) names = NULL;

    for (char **name = needed; *name != NULL; name++) {
        if (missing != NULL && g_strv_contains(missing, *name))
            g_strv_builder_add(lacking, *name);
    }
    names = g_strv_builder_end(lacking);
    return names[0] != NULL ? g_strjoinv(", ", names) : NULL;
}

static char *
too_old(const char *what, unsigned long has, unsigned long needs)
{
    g_autofree char *old = mvm_version_format(has);
    g_autofree char *new = mvm_version_format(needs);

    return g_strdup_printf("its %s is %s, and it takes %s", what, old, new);
}

char *
mvm_os_find_obstacle(const MvmOs *os, const MvmVersions *versions, const char *const *missing)
{
    g_autofree char *lacking = list_missing(os->needs, missing);

    if (lacking != NULL)
        return g_strdup_printf("its CPU lacks %s", lacking);
    if (versions->qemu != 0 && versions->qemu < os->since.qemu)
        return too_old("QEMU", versions->qemu, os->since.qemu);
    if (versions->libvirt != 0 && versions->libvirt < os->since.libvirt)
        return too_old("libvirt", versions->libvirt, os->since.libvirt);
    return NULL;
}

static bool
can_run(const MvmOs *os, const MvmVersions *versions, const char *const *missing)
{
    g_autofree char *obstacle = mvm_os_find_obstacle(os, versions, missing);

    return obstacle == NULL;
}

const MvmOs *
mvm_os_find_nearest(const MvmOs *os, const MvmVersions *versions, const char *const *missing)
{
    ptrdiff_t at = os - table;

    for (ptrdiff_t away = 1; away < (ptrdiff_t)G_N_ELEMENTS(table); away++) {
        if (at + away < (ptrdiff_t)G_N_ELEMENTS(table) &&
            can_run(&table[at + away], versions, missing))
            return &table[at + away];
        if (at - away >= 0 && can_run(&table[at - away], versions, missing))
            return &table[at - away];
    }
    return NULL;
}
