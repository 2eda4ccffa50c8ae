/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How it works: one lock guards everything but the data itself. next is the first run that no
 * thread has taken; the tally's mark the first that is not finished: all before it are written. As
 * often as the sink says, that point is made safe and noted in the journal.
 */
#include "media/decoder.h"

#include "media/crc32.h"
#include "media/media-limits.h"
#include "media/scratch.h"
#include "media/tally.h"
#include "util/error.h"

/* How often mvm_decoder_wait() ticks. */
#define TICK_USEC (G_TIME_SPAN_SECOND / 5)

/* How often threads that have nothing to do look whether a checkpoint is due. */
#define IDLE_USEC (G_TIME_SPAN_SECOND / 2)

struct MvmDecoder {
    MvmDecoderInput in;
    GPtrArray *threads; /* of GThread * */
    MvmExtents extents;

    GMutex lock;
    GCond changed;
    GCond ended;      /* stop, or all runs are done */
    GError *error;    /* the first failure; owned */
    bool stop;        /* no new run is begun */
    bool all_given;   /* no more chunks will come */
    bool checkpoint;  /* a thread is at it: nobody writes to an ordered sink meanwhile */
    bool writing;     /* ordered sinks: a thread has its turn */
    uint8_t **chunks; /* by step: the chunk while it is needed */
    uint32_t *uses;   /* by step: how many runs still need it */
    size_t next;
    MvmTally tally;
    uint64_t saved;    /* the mark's run at the last checkpoint */
    uint64_t dirty;    /* bytes written since */
    gint64 saved_at;   /* when that was */
    uint64_t consumed; /* bytes of payload whose runs are finished */
};

/* With the lock held. Takes the error. */
static void
fail(MvmDecoder *d, GError *error)
{
    if (d->error == NULL)
        d->error = error;
    else
        g_error_free(error);
    d->stop = true;
    mvm_buffers_close(d->in.buffers);
    g_cond_broadcast(&d->changed);
    g_cond_signal(&d->ended);
}

/* With the lock held: whether all chunks of run are there. */
static bool
is_ready(MvmDecoder *d, size_t run)
{
    size_t count = 0;
    const uint32_t *needs = mvm_plan_get_needs(d->in.plan, run, &count);

    for (size_t i = 0; i < count; i++) {
        if (d->chunks[needs[i]] == NULL)
            return false;
    }
    return true;
}

static void
release_chunks(MvmDecoder *d, size_t run)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = NULL;
    size_t count = 0;
    const uint32_t *needs = mvm_plan_get_needs(d->in.plan, run, &count);

    if (count == 0)
        return;
    locker = g_mutex_locker_new(&d->lock);
    for (size_t i = 0; i < count; i++) {
        if (--d->uses[needs[i]] == 0)
            mvm_buffers_put(d->in.buffers, g_steal_pointer(&d->chunks[needs[i]]));
    }
}

/* Waits until everything before run is written. False when that will not come. */
static bool
take_turn(MvmDecoder *d, size_t run)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&d->lock);

    while (!d->stop && (d->tally.mark.run != run || d->checkpoint))
        g_cond_wait(&d->changed, &d->lock);
    d->writing = !d->stop;
    return d->writing;
}

static bool
write_run(MvmDecoder *d, size_t index, const uint8_t *data, GError **error)
{
    const MvmUdifRun *run = mvm_udif_get_run(d->in.udif, index);

    return mvm_extents_write(&d->extents, run->sector * MVM_SECTOR, data,
                             (size_t)(run->sectors * MVM_SECTOR), error);
}

/* The payload of run, number index. */
static const uint8_t *
get_payload(MvmDecoder *d, const MvmUdifRun *run, size_t index, MvmScratch *scratch, GError **error)
{
    MvmMediaSource *source = d->in.source;
    uint8_t *buffer = NULL;

    if (source->read == NULL)
        return mvm_scratch_gather(scratch, d->in.plan, source->map, d->chunks, run, index);
    buffer = mvm_scratch_get_payload(scratch, (size_t)run->length);
    return source->read(source, run->offset, buffer, (size_t)run->length, error) ? buffer : NULL;
}

/* Decodes and writes one run, and tells its checksum. The chunks go back as soon as nothing refers
 * to them. */
static bool
do_run(MvmDecoder *d, size_t index, MvmScratch *scratch, uint32_t *ret_crc, GError **error)
{
    const MvmUdifRun *run = mvm_udif_get_run(d->in.udif, index);
    size_t len = (size_t)(run->sectors * MVM_SECTOR);
    const uint8_t *data = NULL;
    bool good = true;

    if (run->length == 0) {
        *ret_crc = mvm_crc32_zeros(run->sectors * MVM_SECTOR);
        return true;
    }
    data = get_payload(d, run, index, scratch, error);
    if (data == NULL)
        return false;
    if (run->type != MVM_RUN_RAW) {
        data = mvm_scratch_decode(scratch, run, data, error);
        good = data != NULL;
        if (!good)
            g_prefix_error(error, "cannot use '%s': table %u: ", d->in.source->name, run->table);
        release_chunks(d, index);
    }
    if (good) {
        *ret_crc = mvm_crc32(data, len);
        good = (!d->in.sink->ordered || take_turn(d, index)) && write_run(d, index, data, error);
    }
    if (run->type == MVM_RUN_RAW)
        release_chunks(d, index);
    return good;
}

/* With the lock held, after a run is written. */
static void
mark_finished(MvmDecoder *d, size_t index, uint32_t crc)
{
    const MvmUdifRun *run = mvm_udif_get_run(d->in.udif, index);
    GError *error = NULL;

    d->writing = false;
    d->dirty += run->sectors * MVM_SECTOR;
    d->consumed += run->length;
    if (!mvm_tally_add(&d->tally, index, crc, &error))
        fail(d, error);
    g_cond_broadcast(&d->changed);
    if (mvm_tally_is_complete(&d->tally))
        g_cond_signal(&d->ended);
}

/* Without the lock: makes what is written up to the mark safe, and notes it. That it cannot be
 * noted (the disk with the journal is full, or read only) is no failure: the note before is good
 * still. */
static bool
save_mark(MvmDecoder *d, MvmMediaMark mark, GError **error)
{
    uint64_t end = mvm_udif_get_run(d->in.udif, mark.run)->sector * MVM_SECTOR;
    g_autofree char *place = NULL;

    if (!mvm_extents_flush(&d->extents, end, error) || !d->in.sink->sync(d->in.sink, error))
        return false;
    place = d->in.sink->dup_place(d->in.sink);
    if (place != NULL)
        (void)mvm_media_journal_save(d->in.journal, place, mark, NULL);
    return true;
}

/* With the lock held: whether a checkpoint is worth its while and can be made now. */
static bool
checkpoint_due(MvmDecoder *d)
{
    if (d->in.journal == NULL || d->checkpoint || d->writing || d->stop ||
        d->tally.mark.run <= d->saved || mvm_tally_is_complete(&d->tally))
        return false;
    return d->dirty >= d->in.sink->sync_bytes ||
           g_get_monotonic_time() - d->saved_at >= d->in.sink->sync_seconds * G_TIME_SPAN_SECOND;
}

/* With the lock held, which is let go meanwhile. */
static void
make_checkpoint(MvmDecoder *d)
{
    MvmMediaMark mark = d->tally.mark;
    GError *error = NULL;
    bool good = false;

    d->checkpoint = true;
    d->dirty = 0;
    g_mutex_unlock(&d->lock);
    good = save_mark(d, mark, &error);
    g_mutex_lock(&d->lock);
    d->checkpoint = false;
    d->saved = mark.run;
    d->saved_at = g_get_monotonic_time();
    if (!good)
        fail(d, error);
    g_cond_broadcast(&d->changed);
}

/* With the lock held: takes the next run once it can be done. False when there is none. */
static bool
take_run(MvmDecoder *d, size_t *ret_run)
{
    while (!d->stop && d->next < d->in.udif->runs->len) {
        if (checkpoint_due(d)) {
            make_checkpoint(d);
            continue;
        }
        if (is_ready(d, d->next)) {
            *ret_run = d->next++;
            return true;
        }
        if (d->all_given)
            return false;
        (void)g_cond_wait_until(&d->changed, &d->lock, g_get_monotonic_time() + IDLE_USEC);
    }
    return false;
}

static void *
worker(void *opaque)
{
    MvmDecoder *d = opaque;
    MvmScratch scratch = {.codec = mvm_codec_new()};
    size_t run = 0;

    g_mutex_lock(&d->lock);
    while (take_run(d, &run)) {
        GError *error = NULL;
        uint32_t crc = 0;
        bool good = false;

        g_mutex_unlock(&d->lock);
        good = do_run(d, run, &scratch, &crc, &error);
        g_mutex_lock(&d->lock);
        if (good)
            mark_finished(d, run, crc);
        else if (error != NULL)
            fail(d, error);
    }
    g_mutex_unlock(&d->lock);
    mvm_scratch_clear(&scratch);
    return NULL;
}

MvmDecoder *
mvm_decoder_new(const MvmDecoderInput *input)
{
    MvmDecoder *d = g_new0(MvmDecoder, 1);
    size_t steps = input->plan->steps->len;
    /* While one of them writes in its turn, the others should not run out of work. */
    unsigned threads = input->threads + (input->sink->ordered ? 1 : 0);

    d->in = *input;
    g_mutex_init(&d->lock);
    g_cond_init(&d->changed);
    g_cond_init(&d->ended);
    d->chunks = g_new0(uint8_t *, steps);
    d->uses = g_new(uint32_t, steps);
    for (size_t i = 0; i < steps; i++)
        d->uses[i] = mvm_plan_get_step(input->plan, i)->uses;
    mvm_tally_init(&d->tally, input->source->name, input->udif, input->mark,
                   input->journal != NULL);
    d->next = d->saved = input->mark.run;
    d->saved_at = g_get_monotonic_time();
    d->extents.sink = input->sink;
    if (d->next > 0)
        d->extents.position = mvm_udif_get_run(input->udif, d->next)->sector * MVM_SECTOR;
    d->threads = g_ptr_array_new();
    for (unsigned i = 0; i < threads; i++)
        g_ptr_array_add(d->threads, g_thread_new("macvm-decode", worker, d));
    return d;
}

void
mvm_decoder_give(MvmDecoder *d, size_t step, uint8_t *buffer)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&d->lock);

    d->chunks[step] = buffer;
    g_cond_broadcast(&d->changed);
}

bool
mvm_decoder_wait(MvmDecoder *d, bool (*tick)(void *opaque, uint64_t done, GError **error),
                 void *opaque, GError **error)
{
    bool going = true;
    bool good = true;

    while (going && good) {
        uint64_t consumed = 0;

        g_mutex_lock(&d->lock);
        going = !d->stop && !mvm_tally_is_complete(&d->tally);
        if (going)
            (void)g_cond_wait_until(&d->ended, &d->lock, g_get_monotonic_time() + TICK_USEC);
        consumed = d->consumed;
        g_mutex_unlock(&d->lock);
        good = tick(opaque, consumed, error);
    }
    return good;
}

static void
join_all(MvmDecoder *d)
{
    for (unsigned i = 0; i < d->threads->len; i++)
        g_thread_join(g_ptr_array_index(d->threads, i));
    g_ptr_array_set_size(d->threads, 0);
}

static void
stop_all(MvmDecoder *d)
{
    g_mutex_lock(&d->lock);
    d->stop = true;
    g_cond_broadcast(&d->changed);
    g_mutex_unlock(&d->lock);
    join_all(d);
}

bool
mvm_decoder_finish(MvmDecoder *d, GError **error)
{
    g_mutex_lock(&d->lock);
    d->all_given = true;
    g_cond_broadcast(&d->changed);
    g_mutex_unlock(&d->lock);
    join_all(d);
    if (d->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&d->error));
        return false;
    }
    g_assert(mvm_tally_is_complete(&d->tally));
    return mvm_extents_flush(&d->extents, d->in.udif->trailer.sectors * MVM_SECTOR, error);
}

bool
mvm_decoder_stop(MvmDecoder *d)
{
    stop_all(d);
    if (d->error != NULL || d->in.journal == NULL || mvm_tally_is_complete(&d->tally))
        return false;
    return save_mark(d, d->tally.mark, NULL);
}

void
mvm_decoder_free(MvmDecoder *d)
{
    if (d == NULL)
        return;
    stop_all(d);
    for (size_t i = 0; i < d->in.plan->steps->len; i++)
        mvm_buffers_put(d->in.buffers, d->chunks[i]);
    g_ptr_array_unref(d->threads);
    g_clear_error(&d->error);
    g_cond_clear(&d->changed);
    g_cond_clear(&d->ended);
    g_mutex_clear(&d->lock);
    g_free(d->chunks);
    g_free(d->uses);
    mvm_tally_clear(&d->tally);
    g_free(d);
}
