/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The macOS versions macvm knows and what each wants of a machine, as one table (os.c tells the
 * source of each figure).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define MVM_OS_DEFAULT "14"

typedef struct {
    const char *id;       /* "14", as --os, metadata and the recovery image's name have it */
    const char *name;     /* "sonoma" */
    const char *title;    /* "Sonoma" */
    const char *nic;      /* libvirt's model of the interface, "virtio" */
    const char *qemu_nic; /* QEMU's device of the same, "virtio-net-pci" */
    const char *usb;      /* libvirt's model of the USB controller for keyboard and tablet */
    const char *tablet;   /* bus of the tablet: "usb" or "virtio" */
    const char *smbios;   /* Mac model that it takes the machine for, "iMacPro1,1" */
    const char *needs;    /* CPU features without which it does not start, separated by spaces */
} MvmOs;

/* The version called by id ("14", "10.15") or by name in any case ("sonoma", "High Sierra",
 * "high-sierra"); static. NULL with MVM_ERROR_NOT_FOUND, the hint lists all. */
const MvmOs *mvm_os_find(const char *text, GError **error);

/* The table, oldest first; *ret_count gets its length. */
const MvmOs *mvm_os_list(size_t *ret_count);
