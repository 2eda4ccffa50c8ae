/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/packages.h"

#include "util/command.h"

#define NEED_COUNT 7

/* apt-get(8): "decimal 100 on error". */
#define APT_FAILED 100

struct MvmPackager {
    const char *families;                  /* words of os-release's ID and ID_LIKE */
    const char *refresh[4];                /* empty: install does it by itself */
    int refresh_may_fail;                  /* with this status, and install be tried all the same */
    const char *install[6];                /* the first word is the program */
    const char *package_names[NEED_COUNT]; /* in the order of MvmNeeds' bits */
};

static const char *const need_names[NEED_COUNT] = {"libvirt", "QEMU",   "OVMF", "qemu-img",
                                                   "ssh",     "mtools", "passt"};

static const MvmPackager packagers[] = {
    {
        .families = "debian ubuntu",
        .refresh = {"apt-get", "update"},
        .refresh_may_fail = APT_FAILED,
        .install = {"apt-get", "install", "-y"},
        .package_names = {"libvirt-daemon-system", "qemu-system-x86", "ovmf", "qemu-utils",
                          "openssh-client", "mtools", "passt"},
    },
    {
        .families = "fedora rhel centos",
        .install = {"dnf", "install", "-y"},
        .package_names = {"libvirt-daemon-kvm", "qemu-system-x86", "edk2-ovmf", "qemu-img",
                          "openssh-clients", "mtools", "passt"},
    },
    {
        /* Not refreshed: -Sy without -u would leave a system half upgraded. */
        .families = "arch",
        .install = {"pacman", "-S", "--needed", "--noconfirm"},
        .package_names = {"libvirt", "qemu-base", "edk2-ovmf", "qemu-img", "openssh", "mtools",
                          "passt"},
    },
    {
        .families = "suse opensuse",
        .install = {"zypper", "--non-interactive", "install"},
        .package_names = {"libvirt-daemon-qemu", "qemu-x86", "qemu-ovmf-x86_64", "qemu-img",
                          "openssh-clients", "mtools", "passt"},
    },
};

const MvmPackager *
mvm_packager_local(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(packagers); i++) {
        if (mvm_command_exists(packagers[i].install[0]))
            return &packagers[i];
    }
    return NULL;
}

const MvmPackager *
mvm_packager_by_family(const char *os_family)
{
    g_auto(GStrv) words = g_strsplit(os_family, " ", -1);

    for (size_t i = 0; i < G_N_ELEMENTS(packagers); i++) {
        g_auto(GStrv) families = g_strsplit(packagers[i].families, " ", -1);

        for (char **family = families; *family != NULL; family++) {
            if (g_strv_contains((const char *const *)words, *family))
                return &packagers[i];
        }
    }
    return NULL;
}

char *
mvm_needs_to_text(MvmNeeds needs)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < NEED_COUNT; i++) {
        if ((needs & (1U << i)) != 0)
            g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", need_names[i]);
    }
    return g_string_free(text, FALSE);
}

void
mvm_packager_add_install(const MvmPackager *packager, MvmNeeds needs, MvmRootWork *work)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();

    for (size_t i = 0; packager->install[i] != NULL; i++)
        g_ptr_array_add(argv, (char *)packager->install[i]);
    for (unsigned i = 0; i < NEED_COUNT; i++) {
        if ((needs & (1U << i)) != 0)
            g_ptr_array_add(argv, (char *)packager->package_names[i]);
    }
    g_ptr_array_add(argv, NULL);
    if (packager->refresh[0] != NULL) {
        mvm_root_work_add(work, packager->refresh, NULL);
        mvm_root_work_allow(work, packager->refresh_may_fail);
    }
    mvm_root_work_add(work, (const char *const *)argv->pdata, NULL);
}
