/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A local image file, with or without a chunklist, as a source of chunks. */
#pragma once

#include "media/source.h"

/* Opens the file at path. list may be NULL (nothing is verified but what the image itself carries);
 * otherwise it is borrowed, every chunk is verified, and its size has to be the file's. */
MvmMediaSource *mvm_file_source_new(const char *path, const MvmChunklist *list, GError **error);
void mvm_file_source_free(MvmMediaSource *source);
