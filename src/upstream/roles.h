/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finding files of an OSX-KVM checkout by what they are for. Upstream renames and moves things, so
 * each role has the names it bore in upstream's history, newest first.
 *
 * checkout is the folder to look into; NULL is the default, $XDG_DATA_HOME/macvm/OSX-KVM. Paths
 * returned are absolute, without symbolic links, and inside the checkout: a link that leads out of
 * it is passed over. The caller frees them. Something missing is MVM_ERROR_NOT_FOUND with a hint.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    MVM_UPSTREAM_OPENCORE_IMAGE, /* the ready boot loader disk, qcow2 */
    MVM_UPSTREAM_EFI_FOLDER,     /* the EFI folder to make such a disk from */
    MVM_UPSTREAM_CONFIG_PLIST,   /* OpenCore's configuration, kept outside of the EFI folder */
    MVM_UPSTREAM_BOOT_SCRIPT,    /* the script that starts QEMU */
} MvmUpstreamRole;

/* The default checkout's path, whether it exists or not; the caller frees. */
char *mvm_upstream_default_dir(void);

/* The file (or the folder, for the EFI folder) that plays role. */
char *mvm_upstream_find(const char *checkout, MvmUpstreamRole role, GError **error);

/* OVMF's code and the variable store made with it. The pair is chosen by size, because a store of
 * another build is silently not written (peers: kholia PR#278): 2 MiB builds are 1966080 + 131072
 * bytes, 4 MiB builds 3653632 + 540672. When there is code but no store of its size, fails with
 * MVM_ERROR_FAILED and names both files and sizes. */
bool mvm_upstream_find_firmware(const char *checkout, char **ret_code, char **ret_vars,
                                GError **error);
