/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The threads between the source and the sink: each takes the next run, once its chunks are there
 * or by reading its payload itself, decodes it, adds up its checksum and writes it. For an ordered
 * sink they take turns with writing, so the window of runs that are decoded but not yet written is
 * the number of threads.
 */
#pragma once

#include "media/extents.h"
#include "media/journal.h"
#include "media/plan.h"
#include "media/source.h"

typedef struct MvmDecoder MvmDecoder;

/* All borrowed, and needed until mvm_decoder_free(). */
typedef struct {
    MvmMediaSource *source;
    const MvmUdif *udif;
    const MvmPlan *plan; /* without steps when source has read */
    MvmBuffers *buffers; /* where chunks come from and go back to; closed when decoding fails */
    MvmMediaSink *sink;
    const MvmMediaJournal *journal; /* NULL: nothing is remembered */
    MvmMediaMark mark;              /* where to begin; mark.run is plan->first_run */
    unsigned threads;
} MvmDecoderInput;

MvmDecoder *mvm_decoder_new(const MvmDecoderInput *input);

/* Hands over the chunk of a step of the plan; takes the buffer. */
void mvm_decoder_give(MvmDecoder *decoder, size_t step, uint8_t *buffer);

/* For a source with read: waits until all runs are done or decoding failed, which
 * mvm_decoder_finish() tells. tick is called some times a second with the bytes of payload that are
 * done with; its failure ends the waiting and is returned. */
bool mvm_decoder_wait(MvmDecoder *decoder,
                      bool (*tick)(void *opaque, uint64_t done, GError **error), void *opaque,
                      GError **error);

/* Waits until everything given is written and checked. True when that is the whole image. */
bool mvm_decoder_finish(MvmDecoder *decoder, GError **error);

/* Stops before the end, when the rest of the chunks does not come, and saves in the journal how
 * far it came. True when a later run can go on from there. Not after mvm_decoder_finish(). */
bool mvm_decoder_stop(MvmDecoder *decoder);

void mvm_decoder_free(MvmDecoder *decoder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmDecoder, mvm_decoder_free)
