/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A volume of a storage pool as the sink of decoded media. */
#pragma once

#include "media/sink.h"
#include "util/progress.h"
#include "virt/upload.h"

/* The volume is made when the size is known, or gone on with. pool and progress are borrowed. Fails
 * with MVM_ERROR_CONFLICT while another macvm of this machine uploads that volume. */
MvmMediaSink *mvm_volume_sink_new(MvmPool *pool, const char *name, MvmProgress *progress,
                                  GError **error);

/* The finished volume, borrowed; NULL before. */
const MvmVolume *mvm_volume_sink_get_volume(MvmMediaSink *sink);
void mvm_volume_sink_free(MvmMediaSink *sink);
