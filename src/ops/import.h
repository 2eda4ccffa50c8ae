/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Taking over a machine that another program keeps: its disks become volumes, what is known of it
 * becomes a domain as `define` makes one. The source is read, and never changed; with `move` its
 * system disk goes, once its copy was compared with it and the domain is there.
 *
 * Interrupted, the same call goes on: volumes that are whole and the same are taken as they are.
 */
#pragma once

#include "import/source.h"
#include "machine/options.h"
#include "ops/context.h"

typedef struct {
    const char *path;          /* a directory, or the file in it that tells of the machine */
    const char *name;          /* checked; NULL: as the source calls it, else "macos" */
    const MvmOptions *options; /* of the command line: they win over the source's */
    bool move, dry_run;
} MvmImportRequest;

typedef struct {
    char *name;                         /* of the machine */
    char *file;                         /* that was read */
    char *uuid;                         /* of the domain; NULL: a new one */
    char *from[MVM_IMPORT_IMAGE_COUNT]; /* paths here; NULL: the source has none */
    char *volume[MVM_IMPORT_IMAGE_COUNT];
    GPtrArray *left; /* char *: what was not taken over */
    bool moved;
} MvmImportResult;

void mvm_import_result_clear(MvmImportResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmImportResult, mvm_import_result_clear)

/* The word for an image: "opencore", "system", "firmware", "nvram"; static. */
const char *mvm_import_image_name(MvmImportImage image);

/* What follows the machine's name in the name of the image's volume: "-vars.fd"; static. */
const char *mvm_import_ending(MvmImportImage image);

/* Fails with MVM_ERROR_CONFLICT when there is a domain of that name, or a volume with another
 * content; as the readers in import/source.h; and as mvm_define(). */
bool mvm_import(const MvmContext *context, const MvmImportRequest *request,
                MvmImportResult *ret_result, GError **error);

/* import-find.c: the file at or in path that tells of a machine; the caller frees. */
char *mvm_import_find(const char *path, GError **error);

/* import-uuid.c: the UUID that the OpenCore disk at path gives the Mac, lower case, or NULL. The
 * caller frees. */
char *mvm_import_read_uuid(const char *path, bool is_raw);
