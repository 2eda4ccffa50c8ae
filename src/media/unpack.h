/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pipeline: chunks from a source, decoded by threads, into a sink. First the chunks that hold
 * the end of the file, with trailer and property list, so that a foreign or cut file fails early;
 * then the rest, in the order in which the sectors need them. Nothing but the few chunks in flight
 * is kept.
 */
#pragma once

#include "media/sink.h"
#include "media/source.h"
#include "util/progress.h"

/* All borrowed. */
typedef struct {
    MvmMediaSource *source;
    MvmMediaSink *sink;
    const char *journal_path; /* where to remember how far it came; NULL, or without effect when
                               * the source has no id: each run begins anew */
    MvmProgress *progress;    /* bytes of the image file that are loaded and verified */
    unsigned threads;         /* that decode; 0: as many as there are processors, up to 8 */
} MvmUnpack;

/* Writes the decoded image to the sink and finishes it. On failure the sink was aborted: kept for a
 * later run when the link failed or the user interrupted, discarded in any other case. */
bool mvm_media_unpack(const MvmUnpack *unpack, GError **error);
