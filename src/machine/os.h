/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The macOS versions macvm knows and the machine each wants, its profile, as one table (os.c tells
 * the source of each figure; docs/profiles.md shows it).
 */
#pragma once

#include "machine/feature.h"

#include <glib.h>
#include <stdbool.h>

#define MVM_OS_DEFAULT "14"

/* Goes up whenever a figure of the table changes. Kept in a machine's metadata; the machines that
 * there are take the change in at their next define, like any other (xml/merge.h). */
#define MVM_PROFILE_VERSION 1

/* What executes a guest's instructions. */
typedef enum {
    MVM_CPU_KIND_INTEL, /* KVM on Intel's */
    MVM_CPU_KIND_AMD,   /* KVM on AMD's, and on any other that is not Intel's */
    MVM_CPU_KIND_TCG,
    MVM_CPU_KINDS,
} MvmCpuKind;

/* All that a machine's CPU is asked to have beyond its model, separated by spaces; what a host does
 * not have of it, and macOS can do without, is left out there. */
#define MVM_CPU_FEATURES "ssse3 sse4.1 sse4.2 popcnt avx aes xsave xsaveopt avx2 fma bmi1 bmi2 smep"

/* What tells that a host can be MVM_DEFAULT_CPU to a guest, and not only its elders. */
#define MVM_CPU_MARK "avx2"

/* The CPU that a version gets; models by libvirt's names. */
typedef struct {
    const char *best;    /* where the emulator calls it usable; NULL: none */
    const char *model;   /* else this */
    const char *elder;   /* but this on a host without MVM_CPU_MARK; NULL: it needs that */
    const char *disable; /* features of model that the guest must not see, by spaces; "": none */
} MvmOsCpu;

typedef struct {
    const char *id;        /* "14", as --os, metadata and the recovery image have it */
    const char *name;      /* "sonoma" */
    const char *title;     /* "Sonoma" */
    const MvmOsCpu *cpu;   /* MVM_CPU_KINDS of them */
    const char *needs;     /* CPU features without which it does not start, by spaces */
    const char *nic;       /* libvirt's model of the interface, "virtio" */
    const char *qemu_nic;  /* QEMU's device of the same, "virtio-net-pci" */
    const char *disk;      /* bus of the system disk, "sata" */
    const char *usb;       /* libvirt's model of the controller for keyboard and tablet */
    const char *tablet;    /* bus of the tablet: "usb" or "virtio" */
    const char *sound;     /* libvirt's model, "ich9" */
    const char *video;     /* libvirt's model, "vmvga" */
    const char *smbios;    /* Mac model that it takes the machine for, "iMacPro1,1" */
    unsigned least_memory; /* GiB, below which it is not meant to run */
    unsigned least_disk;   /* GiB that its installation takes */
    MvmVersions since;     /* the oldest libvirt and QEMU that can run it */
} MvmOs;

/* The version called by id ("14", "10.15") or by name in any case ("sonoma", "High Sierra",
 * "high-sierra"); static. NULL with MVM_ERROR_NOT_FOUND, the hint lists all. */
const MvmOs *mvm_os_find(const char *text, GError **error);

/* The table, oldest first; *ret_count gets its length. */
const MvmOs *mvm_os_list(size_t *ret_count);

/* Why os cannot run on a host of these versions whose CPU lacks missing (NULL-terminated, libvirt's
 * names; NULL: nothing is known of it): "its CPU lacks avx2". NULL when it can. The caller frees.
 */
char *mvm_os_find_obstacle(const MvmOs *os, const MvmVersions *versions,
                           const char *const *missing);

/* The version nearest to os that can run there, of two the newer; NULL when none can. */
const MvmOs *mvm_os_find_nearest(const MvmOs *os, const MvmVersions *versions,
                                 const char *const *missing);
