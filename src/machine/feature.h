/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What came with which version of libvirt and QEMU: the one place where macvm looks a version up.
 * Whoever renders, checks or tells asks for the feature by name.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* A version in libvirt's own form. */
#define MVM_VERSION(major, minor, release) ((major)*1000000UL + (minor)*1000UL + (release))

/* Those of a host; 0: not known, and then taken for new. */
typedef struct {
    unsigned long libvirt, qemu;
} MvmVersions;

typedef enum {
    MVM_FEATURE_HOTPLUG_GLOBAL,    /* ICH9-LPC.acpi-pci-hotplug-with-bridge-support */
    MVM_FEATURE_PASST,             /* <backend type='passt'/> with <portForward> */
    MVM_FEATURE_FIRMWARE_FORMAT,   /* <loader format> and <nvram format> */
    MVM_FEATURE_TEMPLATE_FORMAT,   /* <nvram templateFormat> */
    MVM_FEATURE_STATELESS_LOADER,  /* <loader stateless> */
    MVM_FEATURE_PNG_SCREENSHOT,    /* QEMU writes screenshots as PNG */
    MVM_FEATURE_SNAPSHOT_REVERT,   /* virsh snapshot-revert to an external one */
    MVM_FEATURE_CPU_BLOCKERS,      /* domain capabilities say why a CPU model is not usable */
    MVM_FEATURE_FIRMWARE_SNAPSHOT, /* internal snapshots of machines with UEFI hold */
    MVM_FEATURE_VIRTIO_SOUND,      /* virtio-sound-pci */
    MVM_FEATURE_COUNT,
} MvmFeature;

typedef struct {
    MvmVersions since; /* 0: any */
    const char *what;  /* what a user would miss, for 'macvm doctor'; NULL: nothing */
} MvmFeatureInfo;

/* The row of feature; static. */
const MvmFeatureInfo *mvm_feature_info(MvmFeature feature);

/* Whether a host with versions has feature. */
bool mvm_feature_is_in(MvmFeature feature, const MvmVersions *versions);

/* "10.9.0"; the caller frees. */
char *mvm_version_format(unsigned long version);
