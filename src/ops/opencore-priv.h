/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of ops/opencore-disk.h share. */
#pragma once

#include "ops/opencore-disk.h"

/* A new, empty directory for work on a disk; the caller removes and frees it. */
char *mvm_opencore_make_dir(GError **error);

/* Unpacks the disk at path on the libvirt host into the file raw. */
bool mvm_opencore_bring(const MvmContext *context, const char *path, const char *raw,
                        GError **error);

/* As mvm_opencore_read(), of the local disk raw; path names it in errors. */
MvmPlist *mvm_opencore_parse(const char *raw, const char *path, MvmPlist **ret_base,
                             GError **error);
