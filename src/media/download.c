/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How it works: one thread, one multi handle. Each connection takes the next chunk of the list
 * when a buffer is free, and keeps both until the chunk is verified. A server that does not do
 * ranges gets one request for the whole file instead (sequential.c).
 */
#include "media/download.h"

#include "media/download-private.h"
#include "util/error.h"

#include <string.h>

#define POLL_MS 200
#define BAD_MAX 4

static const char network_hint[] =
    "check the network, and run the same command again: it goes on where it was";

static MvmDownload *
self_of(MvmMediaSource *source)
{
    return source->opaque;
}

/* A failure of the link: what is there may be gone on with. */
static bool
give_up(MvmDownload *d, const char *cause, GError **error)
{
    d->source.interrupted = true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot fetch '%s': %s", d->answer->image_url,
                cause);
    mvm_error_set_hint(error, "%s", network_hint);
    return false;
}

/* A failure of the data: it is not what was signed. */
static bool
refuse(MvmDownload *d, const char *cause, GError **error)
{
    d->source.interrupted = false;
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot use '%s': %s", d->answer->image_url,
                cause);
    mvm_error_set_hint(error, "something between the server and this machine changes the data, or "
                              "the server is at fault: try another network");
    return false;
}

bool
mvm_download_renew(MvmDownload *d, unsigned generation, long status, GError **error)
{
    g_auto(MvmAnswer) answer = {0};
    MvmRecovery recovery = *d->recovery;
    g_autofree char *cause = g_strdup_printf("the server answers %ld", status);
    gint64 now = g_get_monotonic_time();

    /* Another connection was quicker: this one only had the old token. */
    if (generation != d->generation)
        return true;
    if (d->renewed_at != 0 && now - d->renewed_at < 60 * G_TIME_SPAN_SECOND)
        return give_up(d, cause, error);
    mvm_progress_note(d->recovery->progress, "%s; asking for a new session", cause);
    /* In the middle of it this machine has a network, though perhaps not at this moment. */
    recovery.tuning.offline_tries = recovery.tuning.tries;
    if (!mvm_recovery_ask(&recovery, &answer, error)) {
        d->source.interrupted = true;
        return false;
    }
    mvm_answer_clear(d->answer);
    *d->answer = answer;
    memset(&answer, 0, sizeof(answer));
    d->generation++;
    d->renewed_at = g_get_monotonic_time();
    mvm_download_update_cookie(d);
    return true;
}

void
mvm_download_update_cookie(MvmDownload *d)
{
    g_free(d->cookie);
    d->cookie = g_strconcat("AssetToken=", d->answer->image_token, NULL);
}

/* Once, though all connections are told the same. */
static void
tell_patience(MvmDownload *d, const MvmTransfer *t)
{
    int64_t seconds = mvm_http_get_patience(t->easy);

    if (seconds == 0 || d->told_until >= g_get_monotonic_time())
        return;
    d->told_until = t->retry_at;
    mvm_progress_note(d->recovery->progress,
                      "the server is busy: waiting %" G_GINT64_FORMAT " s, as it asks", seconds);
}

/* After an attempt that may be repeated. */
static bool
repeat_later(MvmDownload *d, MvmTransfer *t, const char *cause, GError **error)
{
    int64_t delay = 0;

    t->failures++;
    if (t->failures >= d->recovery->tuning.tries || mvm_http_is_sent_away(t->easy))
        return give_up(d, cause, error);
    delay = mvm_http_delay_ms(&d->recovery->tuning, t->failures, t->easy);
    t->retry_at = g_get_monotonic_time() + delay * 1000;
    tell_patience(d, t);
    return true;
}

static bool
handle_failure(MvmDownload *d, MvmTransfer *t, CURLcode code, long status, GError **error)
{
    g_autofree char *cause = NULL;

    /* A body that is not taken because of its status ends as a write error. */
    if (code == CURLE_WRITE_ERROR)
        code = CURLE_OK;
    cause = mvm_http_dup_cause(t->easy, code, status, t->error_text);
    if (status == 403 || status == 404 || status == 410 || status == 416)
        return mvm_download_renew(d, t->generation, status, error);
    if (mvm_http_is_transient(code, status))
        return repeat_later(d, t, cause, error);
    /* The connection was closed early, but in good order. */
    if (code == CURLE_OK && status == 206)
        return repeat_later(d, t, "the server sends less than it was asked for", error);
    return give_up(d, cause, error);
}

static bool
handle_bad(MvmDownload *d, MvmTransfer *t, MvmTransferEnd end, GError **error)
{
    const char *cause = "a chunk does not match the chunklist";

    t->bad++;
    if (t->bad < BAD_MAX) {
        t->retry_at = g_get_monotonic_time() + (int64_t)d->recovery->tuning.backoff_ms * 1000;
        return true;
    }
    if (end == MVM_TRANSFER_NOT_DATA)
        return give_up(d, "the server sends a page instead of data", error);
    if (end == MVM_TRANSFER_OTHER_FILE)
        cause = "the server has a file of another size, or sends other ranges than asked for";
    return refuse(d, cause, error);
}

static bool
handle_end(MvmDownload *d, MvmTransfer *t, CURLcode code, GError **error)
{
    long status = 0;
    MvmTransferEnd end = mvm_transfer_end(t, code, &status);

    switch (end) {
    case MVM_TRANSFER_DONE:
        d->taken[t->index] = 1;
        d->left--;
        d->taker->take(d->taker, t->index, g_steal_pointer(&t->buffer));
        return true;
    case MVM_TRANSFER_NO_RANGES:
        d->sequential = true;
        return true;
    case MVM_TRANSFER_FAILED:
        return handle_failure(d, t, code, status, error);
    default:
        return handle_bad(d, t, end, error);
    }
}

/* Gives idle connections work, as far as there are buffers. */
static void
start_transfers(MvmDownload *d)
{
    gint64 now = g_get_monotonic_time();

    for (unsigned i = 0; i < d->connections; i++) {
        MvmTransfer *t = &d->transfers[i];

        if (t->active || t->retry_at > now)
            continue;
        if (t->buffer == NULL) {
            uint8_t *buffer = d->next < d->count ? mvm_buffers_get(d->taker->buffers, false) : NULL;

            if (buffer == NULL)
                continue;
            mvm_transfer_assign(t, d->next, d->chunks[d->next], buffer);
            d->next++;
        }
        mvm_transfer_prepare(t, d->answer->image_url, d->cookie);
        t->generation = d->generation;
        t->active = true;
        (void)curl_multi_add_handle(d->multi, t->easy);
    }
}

/* Sets *ret_any when an attempt ended. */
static bool
handle_messages(MvmDownload *d, bool *ret_any, GError **error)
{
    CURLMsg *message = NULL;
    int left = 0;

    while ((message = curl_multi_info_read(d->multi, &left)) != NULL) {
        MvmTransfer *t = NULL;
        CURLcode code = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        (void)curl_multi_remove_handle(d->multi, t->easy);
        t->active = false;
        *ret_any = true;
        if (!handle_end(d, t, code, error))
            return false;
    }
    return true;
}

/* One turn. False with an error, or without one when no more is wanted. */
static bool
turn(MvmDownload *d, GError **error)
{
    int running = 0;
    bool any = false;

    if (mvm_buffers_is_closed(d->taker->buffers) || !d->taker->tick(d->taker, error))
        return false;
    start_transfers(d);
    if (curl_multi_perform(d->multi, &running) != CURLM_OK)
        return give_up(d, "libcurl fails", error);
    if (!handle_messages(d, &any, error))
        return false;
    /* Connections that became idle get work before anything is waited for. */
    if (!any && curl_multi_poll(d->multi, NULL, 0, POLL_MS, NULL) != CURLM_OK)
        return give_up(d, "libcurl fails", error);
    return true;
}

static void
stop_transfers(MvmDownload *d)
{
    for (unsigned i = 0; i < d->connections; i++) {
        MvmTransfer *t = &d->transfers[i];

        if (t->active)
            (void)curl_multi_remove_handle(d->multi, t->easy);
        t->active = false;
        mvm_buffers_put(d->taker->buffers, g_steal_pointer(&t->buffer));
        t->retry_at = 0;
        t->failures = 0;
    }
}

static void
wake(void *opaque)
{
    (void)curl_multi_wakeup(opaque);
}

static bool
download_load(MvmMediaSource *source, const uint32_t *chunks, size_t count, MvmChunkTaker *taker,
              GError **error)
{
    MvmDownload *d = self_of(source);
    g_autofree uint8_t *taken = g_new0(uint8_t, count);
    bool good = true;

    d->taker = taker;
    d->chunks = chunks;
    d->count = d->left = count;
    d->next = 0;
    d->taken = taken;
    mvm_buffers_set_wake(taker->buffers, wake, d->multi);
    while (good && d->left > 0 && !d->sequential)
        good = turn(d, error);
    mvm_buffers_set_wake(taker->buffers, NULL, NULL);
    stop_transfers(d);
    if (good && d->left > 0)
        good = mvm_download_sequential(d, error);
    d->taken = NULL;
    d->taker = NULL;
    return good;
}

MvmMediaSource *
mvm_download_new(const MvmRecovery *recovery, MvmAnswer *answer, const MvmChunklist *list)
{
    MvmDownload *d = g_new0(MvmDownload, 1);

    d->recovery = recovery;
    d->answer = answer;
    d->list = list;
    mvm_download_update_cookie(d);
    d->connections = CLAMP(recovery->tuning.connections, 1, MVM_CONNECTIONS_MAX);
    for (unsigned i = 0; i < d->connections; i++)
        mvm_transfer_init(&d->transfers[i], list, &recovery->tuning);
    d->multi = curl_multi_init();
    if (d->multi == NULL)
        g_error("libcurl is out of memory");
    d->source = (MvmMediaSource){
        .name = "recovery image",
        .map = &list->map,
        .id = list->id,
        .parallel = d->connections,
        .load = download_load,
        .opaque = d,
    };
    return &d->source;
}

void
mvm_download_free(MvmMediaSource *source)
{
    MvmDownload *d = source == NULL ? NULL : self_of(source);

    if (d == NULL)
        return;
    for (unsigned i = 0; i < d->connections; i++)
        mvm_transfer_clear(&d->transfers[i]);
    curl_multi_cleanup(d->multi);
    g_free(d->cookie);
    g_free(d);
}
