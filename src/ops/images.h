/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine's images: volumes of one pool on the libvirt host.
 *   NAME-opencore.qcow2   the boot loader, a copy of its own
 *   recovery-OS.img       Apple's recovery, shared by machines and never written to
 *   NAME-recovery.qcow2   what the machine writes over it (SATA disks cannot be read-only)
 *   NAME.qcow2            the system disk
 */
#pragma once

#include "machine/machine.h"
#include "ops/context.h"

#include <stdbool.h>

typedef enum { MVM_IMAGE_OPENCORE, MVM_IMAGE_RECOVERY, MVM_IMAGE_SYSTEM, MVM_IMAGE_COUNT } MvmImage;

/* What follows the machine's name in the name of its volume: "-opencore.qcow2"; static. */
const char *mvm_image_ending(MvmImage image);

/* An image as the last rendering has it. */
typedef struct {
    char *path;    /* owned; NULL: none was rendered */
    char *format;  /* owned */
    bool attached; /* the domain has it still: the user put nothing in its place */
} MvmHadImage;

typedef struct {
    const char *pool;          /* NULL: the default one */
    const char *opencore;      /* local file for the OpenCore disk; NULL: the upstream checkout's */
    const char *firmware;      /* "upstream" or NULL */
    const char *opencore_made; /* what the OpenCore disk was made of, as remembered; or NULL */
    bool opencore_asked;       /* something that is in the OpenCore disk was asked for */
    bool resize;  /* the size of the system disk was asked for: grow one that is there */
    bool dry_run; /* make nothing, only tell the paths */
    /* A machine keeps its images, whatever it is called by now; never NULL. */
    const MvmHadImage *had_opencore, *had_recovery, *had_system;
} MvmImageRequest;

/* Makes what is missing and fills machine's paths. A path stays NULL for an image that cannot be
 * had (no OpenCore anywhere: told by a note). Existing images are used as they are, except an
 * OpenCore disk that macvm made of other values than machine has now: it is made anew, while the
 * machine is off; where that was asked for and cannot be, MVM_ERROR_CONFLICT. Another pool
 * than the one that has a machine's images is MVM_ERROR_CONFLICT. */
bool mvm_images_prepare(const MvmContext *context, const MvmImageRequest *request,
                        MvmMachine *machine, GError **error);
