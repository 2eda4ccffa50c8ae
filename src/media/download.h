/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A recovery server's image as a source of chunks: several connections, each with its chunk. */
#pragma once

#include "media/recovery.h"
#include "media/source.h"

/* All borrowed. answer is replaced when its tokens have to be renewed. */
MvmMediaSource *mvm_download_new(const MvmRecovery *recovery, MvmAnswer *answer,
                                 const MvmChunklist *list);
void mvm_download_free(MvmMediaSource *source);
