/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a libvirt host for macOS needs installed, by the names that four package managers have. */
#pragma once

#include "host/rootwork.h"

#include <glib.h>

typedef enum {
    MVM_NEED_LIBVIRT = 1 << 0,  /* the daemon with its QEMU driver */
    MVM_NEED_QEMU = 1 << 1,     /* the emulator for x86_64 */
    MVM_NEED_FIRMWARE = 1 << 2, /* OVMF */
    MVM_NEED_IMAGES = 1 << 3,   /* qemu-img, by which libvirt makes images */
    MVM_NEED_SSH = 1 << 4,      /* the ssh client */
    MVM_NEED_MTOOLS = 1 << 5,   /* what a machine's own OpenCore disk is made with */
    MVM_NEED_PASST = 1 << 6,    /* the user network of newer libvirt */
} MvmNeeds;

typedef struct MvmPackager MvmPackager;

/* The package manager of this machine, by the program that is there; NULL for one that macvm does
 * not know. Static. */
const MvmPackager *mvm_packager_local(void);

/* The package manager of a distribution by MvmKernel's os_family; NULL when unknown. Static. */
const MvmPackager *mvm_packager_by_family(const char *os_family);

/* "libvirt, OVMF": needs in words; the caller frees. */
char *mvm_needs_to_text(MvmNeeds needs);

/* Adds the commands that install needs: before apt-get installs, it fetches its lists, which on a
 * new system are missing and on an old one name packages that are gone. That may fail (a source
 * that somebody added is out of order), and the packages be there all the same. */
void mvm_packager_add_install(const MvmPackager *packager, MvmNeeds needs, MvmRootWork *work);
