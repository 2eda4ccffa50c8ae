/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What import.c and import-move.c share. */
#pragma once

#include "ops/import-file.h"
#include "ops/import.h"

#include <glib.h>
#include <libxml/tree.h>
#include <stdbool.h>

typedef struct {
    const MvmContext *context;
    const MvmImportRequest *request;
    MvmImportSource *source;                     /* owned */
    MvmImportFile files[MVM_IMPORT_IMAGE_COUNT]; /* owned */
    MvmOptions *options;                         /* owned; the source's, and over them the user's */
    char *file, *dir, *name, *uuid;              /* owned */
    MvmPool *pool;                               /* owned */
    bool is_there;                               /* the machine: this is to be the end of a move */
} MvmImportWork;

/* import-locate.c: where the image is on this machine, or where it ought to be; of a volume, as
 * libvirt knows it. MVM_ERROR_NOT_FOUND where there is no such volume, MVM_ERROR_USAGE where it is
 * another machine's. The caller frees. */
char *mvm_import_locate(const MvmImportWork *work, MvmImportImage image, GError **error);

/* import-domain.c: puts what source (MvmImportSource) has and macvm does not render into doc:
 * title, description, entries of the firmware's tables. */
void mvm_import_edit_domain(xmlDoc *doc, const void *source);

/* Fills work->pool. */
bool mvm_import_open_pool(MvmImportWork *work, GError **error);

/* False, with MVM_ERROR_CONFLICT: there is a machine of that name. */
bool mvm_import_refuse_name(const MvmImportWork *work, GError **error);

/* Deletes the system disk there, once its copy was compared with it; otherwise it stays, which is
 * told. */
bool mvm_import_remove_source(MvmImportWork *work, MvmImportResult *result, GError **error);

/* Fails when a file lies where its copy is to be, in a pool that is there already. */
bool mvm_import_check_apart(MvmImportWork *work, GError **error);

/* The end of a move that was interrupted once the machine was there. MVM_ERROR_CONFLICT when it is
 * another machine, or has written to its disk since. */
bool mvm_import_end_move(MvmImportWork *work, MvmImportResult *result, GError **error);
