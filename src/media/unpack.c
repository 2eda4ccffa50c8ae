/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/unpack.h"

#include "media/decoder.h"
#include "media/media-limits.h"
#include "media/tail.h"
#include "util/error.h"

#define THREADS_MAX 8

/* Chunks that are loaded and wait to be decoded, beyond those that are being loaded. */
#define AHEAD 4

typedef struct {
    MvmChunkTaker taker;
    const MvmUnpack *in;      /* borrowed */
    MvmTail tail;             /* owned */
    MvmUdif *udif;            /* owned */
    MvmMediaJournal *journal; /* owned; NULL: nothing is remembered */
    MvmPlan *plan;            /* owned */
    MvmBuffers *buffers;      /* owned */
    MvmDecoder *decoder;      /* owned */
    uint32_t *chunks;         /* owned: what has to be loaded ... */
    uint32_t *steps;          /* owned: ... and which step of the plan that is */
    size_t count;
    uint64_t wanted;   /* bytes to load or read; more than the file's when some come twice */
    uint64_t brought;  /* of these */
    uint64_t verified; /* bytes of the image file that are there or done with, for the user */
    bool keep;         /* a later run may go on */
} Unpack;

static bool
report(Unpack *u, GError **error)
{
    return mvm_progress_update(u->in->progress, "fetching", u->verified,
                               mvm_chunk_map_get_size(u->in->source->map), error);
}

static bool
tick_opaque(void *opaque, GError **error)
{
    return report(opaque, error);
}

static bool
tick(MvmChunkTaker *taker, GError **error)
{
    return report((Unpack *)(void *)taker, error);
}

/* From 0 on. What is not wanted counts as verified. */
static void
set_brought(Unpack *u, uint64_t brought)
{
    uint64_t size = mvm_chunk_map_get_size(u->in->source->map);
    uint64_t share = MIN(size, u->wanted);

    u->brought = brought;
    u->verified = size - share;
    if (u->wanted > 0)
        u->verified += (uint64_t)((double)share * (double)brought / (double)u->wanted);
}

/* For a source that is read: the bytes of payload that are done with. */
static bool
tick_read(void *opaque, uint64_t done, GError **error)
{
    set_brought(opaque, done);
    return report(opaque, error);
}

static void
take(MvmChunkTaker *taker, size_t index, uint8_t *buffer)
{
    Unpack *u = (Unpack *)(void *)taker;

    set_brought(u, u->brought + mvm_chunk_map_get_length(u->in->source->map, u->chunks[index]));
    mvm_decoder_give(u->decoder, u->steps[index], buffer);
}

/* Where the data of a run begins in the image. */
static uint64_t
start_of(const Unpack *u, uint64_t run)
{
    return mvm_udif_get_run(u->udif, run)->sector * MVM_SECTOR;
}

/* Where an earlier run ended, if the journal knows it for this image and this place, and what is
 * there is what was written. */
static bool
load_mark(Unpack *u, MvmMediaMark *ret_mark, GError **error)
{
    MvmMediaSink *sink = u->in->sink;
    g_autofree char *place = NULL;
    g_autoptr(GError) stopped = NULL;
    MvmMediaMark mark = {0};

    *ret_mark = mark;
    if (u->journal == NULL)
        return true;
    place = sink->dup_place(sink);
    mark = mvm_media_journal_load(u->journal, place);
    if (mark.run == 0 || mark.run >= u->udif->runs->len)
        return true;
    if (sink->check != NULL && !sink->check(sink, start_of(u, mark.run), mark.whole, &stopped)) {
        u->keep = stopped != NULL;
        if (stopped != NULL)
            g_propagate_error(error, g_steal_pointer(&stopped));
        return !u->keep;
    }
    *ret_mark = mark;
    return true;
}

static size_t
buffer_count(const Unpack *u)
{
    size_t max_length = u->in->source->map->max_length;

    return MAX(u->plan->window,
               MIN(MVM_CHUNK_MEMORY / max_length, u->in->source->parallel + AHEAD));
}

/* Divides the steps into those whose chunk is at hand and those that have to be loaded. */
static void
list_chunks(Unpack *u)
{
    u->chunks = g_new(uint32_t, u->plan->steps->len);
    u->steps = g_new(uint32_t, u->plan->steps->len);
    for (uint32_t i = 0; i < u->plan->steps->len; i++) {
        uint32_t chunk = mvm_plan_get_step(u->plan, i)->chunk;
        uint8_t *at_hand = mvm_tail_steal(&u->tail, chunk);

        if (at_hand != NULL) {
            mvm_buffers_adopt(u->buffers);
            mvm_decoder_give(u->decoder, i, at_hand);
            continue;
        }
        u->chunks[u->count] = chunk;
        u->steps[u->count++] = i;
        u->wanted += mvm_chunk_map_get_length(u->in->source->map, chunk);
    }
}

/* For a source that is read: all of the payloads, also what the tail has of them. */
static void
list_payloads(Unpack *u, size_t first_run)
{
    mvm_tail_clear(&u->tail);
    for (size_t i = first_run; i < u->udif->runs->len; i++)
        u->wanted += mvm_udif_get_run(u->udif, i)->length;
}

static bool
start(Unpack *u, GError **error)
{
    MvmMediaSource *source = u->in->source;
    MvmMediaMark mark = {0};
    uint64_t resume_at = 0;

    if (!load_mark(u, &mark, error))
        return false;
    if (mark.run > 0) {
        resume_at = start_of(u, mark.run);
        mvm_progress_note(u->in->progress, "going on with an interrupted fetch");
    }
    if (!u->in->sink->begin(u->in->sink, u->udif->trailer.sectors * MVM_SECTOR, resume_at, error))
        return false;
    u->plan = mvm_plan_new(u->udif, source->read == NULL ? source->map : NULL, mark.run);
    u->buffers = mvm_buffers_new(buffer_count(u), source->map->max_length);
    u->taker = (MvmChunkTaker){.buffers = u->buffers, .take = take, .tick = tick};
    u->decoder = mvm_decoder_new(&(MvmDecoderInput){
        .source = source,
        .udif = u->udif,
        .plan = u->plan,
        .buffers = u->buffers,
        .sink = u->in->sink,
        .journal = u->journal,
        .mark = mark,
        .threads = u->in->threads > 0 ? u->in->threads : MIN(g_get_num_processors(), THREADS_MAX),
    });
    if (source->read != NULL)
        list_payloads(u, mark.run);
    else
        list_chunks(u);
    set_brought(u, 0);
    return true;
}

/* Whether what the journal knows is good in spite of the sink's failure. */
static bool
is_cut(Unpack *u)
{
    return u->journal != NULL && u->in->sink->is_cut != NULL && u->in->sink->is_cut(u->in->sink);
}

/* Brings the decoder what it needs: gives it chunks, or lets it read. */
static bool
feed(Unpack *u, GError **error)
{
    MvmMediaSource *source = u->in->source;

    if (source->read != NULL)
        return mvm_decoder_wait(u->decoder, tick_read, u, error);
    return source->load(source, u->chunks, u->count, &u->taker, error);
}

/* Feeds and decodes. The decoder's own error says more than that the buffers were closed by it. */
static bool
transfer(Unpack *u, GError **error)
{
    MvmMediaSource *source = u->in->source;
    g_autoptr(GError) load_error = NULL;

    if (feed(u, &load_error))
        return mvm_decoder_finish(u->decoder, error) &&
               (source->finish == NULL || source->finish(source, &u->taker, error));
    if (load_error == NULL) {
        bool good = mvm_decoder_finish(u->decoder, error);

        u->keep = !good && is_cut(u);
        return good;
    }
    u->keep = source->interrupted || g_error_matches(load_error, MVM_ERROR, MVM_ERROR_CANCELLED);
    u->keep = u->keep && (mvm_decoder_stop(u->decoder) || is_cut(u));
    g_propagate_error(error, g_steal_pointer(&load_error));
    return false;
}

static bool
unpack(Unpack *u, GError **error)
{
    MvmMediaSource *source = u->in->source;

    u->udif = mvm_tail_load(source, tick_opaque, u, &u->tail, error);
    if (u->udif == NULL) {
        u->keep = source->interrupted ||
                  (error != NULL && g_error_matches(*error, MVM_ERROR, MVM_ERROR_CANCELLED));
        return false;
    }
    if (source->prepare != NULL)
        source->prepare(source, &u->udif->trailer);
    return start(u, error) && transfer(u, error) && report(u, error) &&
           u->in->sink->finish(u->in->sink, error);
}

static void
clear(Unpack *u)
{
    mvm_decoder_free(u->decoder);
    mvm_plan_free(u->plan);
    mvm_buffers_free(u->buffers);
    mvm_media_journal_free(u->journal);
    mvm_udif_free(u->udif);
    mvm_tail_clear(&u->tail);
    g_free(u->chunks);
    g_free(u->steps);
}

bool
mvm_media_unpack(const MvmUnpack *in, GError **error)
{
    Unpack u = {.in = in};
    g_autoptr(GError) own = NULL;
    bool good = false;

    if (in->journal_path != NULL && in->source->id != NULL)
        u.journal = mvm_media_journal_new(in->journal_path, in->source->id);
    good = unpack(&u, &own);
    if (!good)
        in->sink->abort(in->sink, u.keep);
    if (u.journal != NULL && !u.keep)
        mvm_media_journal_remove(u.journal);
    clear(&u);
    if (!good)
        g_propagate_error(error, g_steal_pointer(&own));
    return good;
}
