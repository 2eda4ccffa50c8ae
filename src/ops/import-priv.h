/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What import.c and import-move.c share. */
#pragma once

#include "ops/import-file.h"
#include "ops/import.h"

#include <glib.h>
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

/* Fills work->pool. */
bool mvm_import_open_pool(MvmImportWork *work, GError **error);

/* False, with MVM_ERROR_CONFLICT: there is a machine of that name. */
bool mvm_import_refuse_name(const MvmImportWork *work, GError **error);

/* Deletes the system disk there, once its copy was compared with it; otherwise it stays, which is
 * told. */
bool mvm_import_remove_source(MvmImportWork *work, MvmImportResult *result, GError **error);

/* The end of a move that was interrupted once the machine was there. MVM_ERROR_CONFLICT when it is
 * another machine, or has written to its disk since. */
bool mvm_import_end_move(MvmImportWork *work, MvmImportResult *result, GError **error);
