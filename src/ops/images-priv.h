/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the images have in common: looking for volumes, and making them. */
#pragma once

#include "ops/images.h"
#include "ops/opencore.h"
#include "virt/volume.h"

/* A local file that becomes a volume. */
typedef struct {
    char *name; /* of the volume; owned */
    int fd;     /* -1: it is there already, or there is none */
} MvmImageFile;

struct MvmImages {
    const MvmContext *context;
    const MvmImageRequest *request;
    MvmMachine *machine;
    MvmHadImage *had; /* of MVM_IMAGE_COUNT; borrowed from request, or none */
    MvmHadImage none[MVM_IMAGE_COUNT];
    MvmPool *pool;   /* owned; NULL as long as there is none, or it is not to be looked at */
    bool unseen;     /* of a machine that is there: a dry run does not start its pool */
    char *dir;       /* owned */
    GPtrArray *made; /* names of volumes that were not there before; owned */

    MvmImageFile code, vars; /* upstream's firmware */

    char *opencore_name; /* owned */
    bool opencore_build; /* made by macvm, of opencore_source */
    MvmOpencoreSource opencore_source;
    GPtrArray *opencore_dropped;   /* keys of config.plist that are no more edited; owned */
    bool opencore_clean;           /* older disks may be left */
    char *opencore_previous;       /* path of the disk that is gone back to; owned */
    int opencore_fd;               /* a ready image to upload; -1: none */
    MvmOpencoreDisk opencore_disk; /* what was built */

    char *recovery_name;   /* owned */
    MvmVolume *recovery;   /* the base to make an overlay over; owned; NULL: nothing to make */
    bool recovery_replace; /* there is one over another base */

    char *system_name; /* owned */
    bool system_create, system_grow;
};

/* The path that the volume called name has or will have; the caller frees. */
char *mvm_images_path(const MvmImages *images, const char *name);

/* The name of the volume that image is in, or the one that a new machine's gets; the caller frees.
 */
char *mvm_images_name(const MvmImages *images, MvmImage image);

/* The user took the image away, or put something else in its place: that is not touched. */
bool mvm_images_is_replaced(const MvmImages *images, MvmImage image);

/* The finished volume called name, NULL when there is none. Fails on anything else. */
bool mvm_images_find(const MvmImages *images, const char *name, MvmVolume **ret_volume,
                     GError **error);

/* A volume of this name may be left from an older machine, but not be in use by another. What a
 * machine has already is its own affair. */
bool mvm_images_check_free(const MvmImages *images, MvmImage image, const char *name,
                           GError **error);

/* Opens a regular file for an upload; -1 on failure. */
int mvm_images_open_file(const char *file, GError **error);

/* Uploads fd as the volume called name; replace: in the place of one that may be there. The caller
 * frees. */
MvmVolume *mvm_images_upload(MvmImages *images, int fd, const char *name, bool replace,
                             GError **error);

/* images-pool.c: opens the pool; takes the images to be where it is now; or takes them to be as
 * they were. */
bool mvm_images_open_pool(MvmImages *images, GError **error);
bool mvm_images_follow_pool(MvmImages *images, GError **error);
void mvm_images_assume(const MvmImages *images);

/* images-state.c: what stands in the way of a change of a disk that is there, as the error; true
 * for nothing. verb ("change") and what ("the OpenCore disk") are for the message. */
bool mvm_images_check_saved(const MvmImages *images, const char *verb, const char *what,
                            GError **error);
bool mvm_images_check_snapshot(const MvmImages *images, MvmImage image, const char *verb,
                               const char *what, GError **error);

/* images-slots.c: the name for another OpenCore disk beside those that the machine has or keeps;
 * the caller frees. */
char *mvm_images_choose_opencore(const MvmImages *images, GError **error);

/* images-opencore.c: its plan; what can be done on this machine alone; the volume. */
bool mvm_images_plan_opencore(MvmImages *images, GError **error);
bool mvm_images_build_opencore(MvmImages *images, GError **error);
bool mvm_images_make_opencore(MvmImages *images, GError **error);

/* images-disks.c */
bool mvm_images_plan_firmware(MvmImages *images, GError **error);
bool mvm_images_make_firmware(MvmImages *images, GError **error);
bool mvm_images_plan_recovery(MvmImages *images, GError **error);
bool mvm_images_make_recovery(MvmImages *images, GError **error);
bool mvm_images_plan_system(MvmImages *images, GError **error);
bool mvm_images_make_system(MvmImages *images, GError **error);
