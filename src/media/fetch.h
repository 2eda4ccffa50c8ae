/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recovery media into a sink: from a recovery server, or from a local image file. */
#pragma once

#include "media/recovery.h"
#include "media/sink.h"

/* Asks the server, verifies the chunklist by trust, and writes the decoded image to sink, going on
 * with what an earlier run left if journal_path (may be NULL) knows of it. Sets *ret_product to
 * Apple's name of what came ("041-12345"); the caller frees. On failure the sink was aborted. */
bool mvm_media_fetch(const MvmRecovery *recovery, const MvmTrust *trust, MvmMediaSink *sink,
                     const char *journal_path, char **ret_product, GError **error);

/* Decodes the image file at dmg. chunklist, the path of its chunklist, may be NULL: then nothing
 * but the image's own checksums is verified. On failure the sink was aborted. */
bool mvm_media_convert(const char *dmg, const char *chunklist, const MvmTrust *trust,
                       MvmMediaSink *sink, MvmProgress *progress, GError **error);
