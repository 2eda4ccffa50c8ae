/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine's images: volumes of one pool on the libvirt host.
 *   NAME-opencore.qcow2   the boot loader, a copy of its own; made anew it gets the next free of
 *                         NAME-opencore.2.qcow2 ..., and the domain its name in one step
 *   recovery-OS.img       Apple's recovery, shared by machines and never written to
 *   NAME-recovery.qcow2   what the machine writes over it (SATA disks cannot be read-only)
 *   NAME.qcow2            the system disk
 *
 * In two steps, so that nothing is made for a machine that is refused later: the plan looks and
 * decides; then what it found missing is made.
 */
#pragma once

#include "machine/machine.h"
#include "ops/context.h"
#include "ops/opencore-disk.h"
#include "virt/pool.h"

#include <stdbool.h>

typedef enum {
    MVM_IMAGE_OPENCORE,
    MVM_IMAGE_RECOVERY,
    MVM_IMAGE_SYSTEM,
    MVM_IMAGE_COUNT,
} MvmImage;

/* What follows the machine's name in the name of its volume: "-opencore.qcow2"; static. */
const char *mvm_image_ending(MvmImage image);

/* The name of the volume of image beside the system disk at path, also of a machine that was
 * renamed; NULL when that disk is not called as macvm calls them. The caller frees. */
char *mvm_image_beside(const char *system_path, MvmImage image);

/* Which image a file of that name is, also of a machine that was renamed or copied:
 * "x-opencore.qcow2", "x-opencore-clone.qcow2". MVM_IMAGE_COUNT: none. */
MvmImage mvm_image_of_path(const char *path);

/* Whether a volume of that name is recovery media, which machines share: "recovery-14.img". */
bool mvm_image_is_media(const char *name);

/* An image as the last rendering has it. */
typedef struct {
    char *path;    /* owned; NULL: none was rendered */
    char *format;  /* owned */
    bool attached; /* the domain has it still: the user put nothing in its place */
    bool replaced; /* the domain has another one in its place */
    char *now;     /* what the domain has in its place; owned, NULL: nothing */
    bool guessed;  /* there is no last rendering: it is what the domain has in that place */
} MvmHadImage;

typedef struct {
    const char *pool;     /* NULL: the default one */
    bool pool_asked;      /* this very command names it */
    bool exists;          /* the machine is there: its images are not created again */
    bool new_disk;        /* but its system disk, when that is not to be found */
    bool saved;           /* the guest's memory waits for the disks that it knows */
    const char *opencore; /* local file for the OpenCore disk; NULL: the upstream checkout's */
    MvmOpencoreChange opencore_change;
    const GPtrArray *edits_before; /* of config.plist, as its disk has them; or NULL */
    const char *firmware;          /* "upstream" or NULL */
    const char *opencore_made;     /* what the OpenCore disk was made of, as remembered; or NULL */
    bool opencore_asked;           /* something that is in the OpenCore disk was asked for */
    bool recovery_asked;           /* whether there is a recovery disk was asked for */
    bool resize;      /* the size of the system disk was asked for: grow one that is there */
    bool dry_run;     /* mvm_images_make() will not be called: only for what is told */
    MvmHadImage *had; /* of MVM_IMAGE_COUNT: a machine keeps its images, whatever it is called by
                         now; what was guessed is settled by the plan. NULL: a new machine */
} MvmImageRequest;

typedef struct MvmImages MvmImages;

/* Looks what there is, and fills machine's paths: for what is yet to be made, those that it will
 * have. A path stays NULL for an image that cannot be had (no OpenCore anywhere: told by a note).
 * Existing images are used as they are, except an OpenCore disk that macvm made of other values
 * than machine has now: it is made anew, while the machine is off; where that was asked for and
 * cannot be, MVM_ERROR_CONFLICT. Another pool than the one that has a machine's images, or an image
 * that another machine uses, is MVM_ERROR_CONFLICT. All arguments must outlive the plan. */
MvmImages *mvm_images_plan(const MvmContext *context, const MvmImageRequest *request,
                           MvmMachine *machine, GError **error);
void mvm_images_free(MvmImages *images);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmImages, mvm_images_free)

/* Whether there is something to be made. */
bool mvm_images_is_needed(const MvmImages *images);

/* Makes it, and fills machine's paths and formats anew with what was made. Interrupted, the next
 * plan goes on from there. */
bool mvm_images_make(MvmImages *images, GError **error);

/* After the domain was defined: deletes OpenCore disks that the machine has no more use for. */
void mvm_images_clean(const MvmImages *images);

/* Names of the volumes that are OpenCore disks of the machine whose usual one is called name, with
 * or without a number; the caller frees. */
GPtrArray *mvm_images_list_opencore(MvmPool *pool, const char *name, GError **error);

/* Deletes what mvm_images_make() made where nothing was, unless some machine uses it by now: for a
 * define that came to nothing. What cannot be deleted is used by the next define. */
void mvm_images_undo(MvmImages *images);
