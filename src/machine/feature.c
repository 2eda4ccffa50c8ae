/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine/feature.h"

/*
 * libvirt's numbers are those of its NEWS (https://libvirt.org/news.html), QEMU's of its change log
 * (https://wiki.qemu.org/ChangeLog). Beyond them:
 * an older QEMU stops at the hot-plug global (https://github.com/thenickdude/KVM-Opencore issues 46
 * and 54); passt came with libvirt 9.0 and QEMU 7.2, but before 9.2 it does not work under AppArmor
 * and SELinux; internal snapshots of UEFI machines are broken in 11.2 and 11.3.
 */
static const MvmFeatureInfo table[MVM_FEATURE_COUNT] = {
    [MVM_FEATURE_HOTPLUG_GLOBAL] = {{.qemu = MVM_VERSION(6, 1, 0)}, NULL},
    [MVM_FEATURE_PASST] = {{MVM_VERSION(9, 2, 0), MVM_VERSION(7, 2, 0)},
                           "user-mode networking by passt"},
    [MVM_FEATURE_FIRMWARE_FORMAT] = {{.libvirt = MVM_VERSION(9, 2, 0)}, NULL},
    [MVM_FEATURE_TEMPLATE_FORMAT] = {{.libvirt = MVM_VERSION(10, 10, 0)}, NULL},
    [MVM_FEATURE_STATELESS_LOADER] = {{.libvirt = MVM_VERSION(8, 6, 0)}, NULL},
    [MVM_FEATURE_PNG_SCREENSHOT] = {{.qemu = MVM_VERSION(7, 1, 0)}, "screenshots as PNG"},
    [MVM_FEATURE_SNAPSHOT_REVERT] = {{.libvirt = MVM_VERSION(9, 9, 0)},
                                     "return to external snapshots"},
    [MVM_FEATURE_CPU_BLOCKERS] = {{.libvirt = MVM_VERSION(10, 9, 0)},
                                  "the reasons why a CPU model is not usable"},
    [MVM_FEATURE_FIRMWARE_SNAPSHOT] = {{.libvirt = MVM_VERSION(11, 4, 0)},
                                       "dependable snapshots of machines with UEFI"},
    [MVM_FEATURE_VIRTIO_SOUND] = {{.qemu = MVM_VERSION(8, 2, 0)}, "virtio sound"},
};

const MvmFeatureInfo *
mvm_feature_info(MvmFeature feature)
{
    return &table[feature];
}

bool
mvm_feature_is_in(MvmFeature feature, const MvmVersions *versions)
{
    const MvmVersions *since = &table[feature].since;

    return (versions->libvirt == 0 || versions->libvirt >= since->libvirt) &&
           (versions->qemu == 0 || versions->qemu >= since->qemu);
}

char *
mvm_version_format(unsigned long version)
{
    return g_strdup_printf("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}
