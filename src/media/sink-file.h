/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A local raw file as a sink: written sparse as PATH.part, and called PATH when it is complete. */
#pragma once

#include "media/sink.h"

/* Opens and locks PATH.part. Fails with MVM_ERROR_CONFLICT when PATH exists or when another macvm
 * is writing it. */
MvmMediaSink *mvm_file_sink_new(const char *path, GError **error);
void mvm_file_sink_free(MvmMediaSink *sink);
