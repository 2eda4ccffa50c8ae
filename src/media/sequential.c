/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For servers that ignore ranges: one request for the whole file, of which the chunks that are
 * wanted are kept. While no buffer is free the stream stands still, and TCP holds the server.
 * A chunk before the place that the stream has come to needs another stream.
 */
#include "media/download-private.h"
#include "util/error.h"

#include <string.h>

#define BAD_MAX 3

typedef struct {
    MvmDownload *d;
    CURL *easy;        /* owned */
    MvmSha256 *sha;    /* owned */
    size_t index;      /* in the list: the chunk that is being read or comes next */
    uint64_t position; /* in the file: of the stream's next byte */
    uint8_t *buffer;   /* owned: the chunk as far as it came, or NULL */
    uint32_t got;
    bool looked;
    bool usable; /* the answer is the file */
    bool closed; /* no more is wanted */
    bool wrong;  /* a chunk is not what was signed */
    unsigned failures;
    unsigned bad;
    GError *stopped; /* owned */
    char error_text[CURL_ERROR_SIZE];
} Stream;

static uint32_t
chunk_of(const Stream *s)
{
    return s->d->chunks[s->index];
}

/* Moves on to the next chunk that is still wanted. */
static void
skip_taken(Stream *s)
{
    while (s->index < s->d->count && s->d->taken[s->index])
        s->index++;
}

/* The chunk is complete. False when it is not what was signed. */
static bool
deliver(Stream *s)
{
    MvmDownload *d = s->d;
    uint8_t digest[MVM_SHA256_SIZE];

    mvm_sha256_finish(s->sha, digest);
    if (memcmp(digest, d->list->digests[chunk_of(s)], sizeof(digest)) != 0) {
        s->wrong = true;
        return false;
    }
    s->got = 0;
    s->failures = s->bad = 0;
    d->taken[s->index] = 1;
    d->left--;
    d->taker->take(d->taker, s->index, g_steal_pointer(&s->buffer));
    skip_taken(s);
    return true;
}

/* Takes some of data and tells how much; 0: the stream is of no more use. */
static size_t
consume(Stream *s, const char *data, size_t len)
{
    const MvmChunkMap *map = &s->d->list->map;
    uint64_t start = map->starts[chunk_of(s)];
    uint32_t length = mvm_chunk_map_get_length(map, chunk_of(s));

    if (s->position < start)
        return (size_t)MIN(len, start - s->position);
    if (s->position != start + s->got)
        return 0; /* it is behind: another stream has to begin */
    if (s->buffer == NULL)
        s->buffer = mvm_buffers_get(s->d->taker->buffers, true);
    if (s->buffer == NULL) {
        s->closed = true;
        return 0;
    }
    len = MIN(len, length - s->got);
    memcpy(s->buffer + s->got, data, len);
    mvm_sha256_update(s->sha, data, len);
    s->got += (uint32_t)len;
    return s->got < length || deliver(s) ? len : 0;
}

static bool
look(Stream *s)
{
    long status = 0;
    curl_off_t length = -1;

    if (s->looked)
        return s->usable;
    s->looked = true;
    (void)curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(s->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    s->usable = status == 200 &&
                (length < 0 || (uint64_t)length == mvm_chunk_map_get_size(&s->d->list->map));
    return s->usable;
}

static size_t
on_body(char *data, size_t one, size_t len, void *opaque)
{
    Stream *s = opaque;

    if (!look(s))
        return 0;
    for (size_t done = 0; done < len;) {
        size_t n = s->d->left > 0 ? consume(s, data + done, len - done) : 0;

        if (n == 0)
            return 0;
        done += n;
        s->position += n;
    }
    return len;
}

static int
on_progress(void *opaque, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
    Stream *s = opaque;

    if (mvm_buffers_is_closed(s->d->taker->buffers))
        s->closed = true;
    return s->closed || s->stopped != NULL || !s->d->taker->tick(s->d->taker, &s->stopped);
}

/* One stream from the start of the file. What of a chunk came with the one before is dropped. */
static CURLcode
read_stream(Stream *s)
{
    uint8_t ignored[MVM_SHA256_SIZE];

    mvm_sha256_finish(s->sha, ignored);
    s->got = 0;
    s->position = 0;
    s->looked = s->usable = s->wrong = false;
    s->error_text[0] = '\0';
    mvm_curl_set(s->easy, CURLOPT_URL, s->d->answer->image_url);
    mvm_curl_set(s->easy, CURLOPT_COOKIE, s->d->cookie);
    return curl_easy_perform(s->easy);
}

static bool
fail(Stream *s, bool interrupted, const char *cause, GError **error)
{
    s->d->source.interrupted = interrupted;
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot fetch '%s': %s",
                s->d->answer->image_url, cause);
    mvm_error_set_hint(error, "check the network, and try another one or another time");
    return false;
}

static bool
wait_ms(Stream *s, int64_t ms)
{
    for (gint64 end = g_get_monotonic_time() + ms * 1000; g_get_monotonic_time() < end;) {
        if (on_progress(s, 0, 0, 0, 0) != 0)
            return false;
        g_usleep(100 * 1000);
    }
    return true;
}

/* Whether to begin another stream, after one that ended with code before all was there. */
static bool
try_again(Stream *s, CURLcode code, size_t left_before, GError **error)
{
    const MvmHttpTuning *tuning = &s->d->recovery->tuning;
    long status = 0;
    g_autofree char *cause = NULL;

    (void)curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
    cause = mvm_http_dup_cause(s->easy, code, status, s->error_text);
    if (s->wrong && ++s->bad >= BAD_MAX)
        return fail(s, false, "a chunk does not match the chunklist", error);
    if (s->wrong || s->d->left < left_before)
        return true;
    /* It ended in good order, before a chunk was whole. */
    if (code == CURLE_OK && s->usable && ++s->bad >= BAD_MAX)
        return fail(s, true, "the server sends a page, or less of the image than there is", error);
    if (status == 403 || status == 404 || status == 410)
        return mvm_download_renew(s->d, s->d->generation, status, error);
    if (++s->failures >= tuning->tries || mvm_http_is_sent_away(s->easy))
        return fail(s, true, s->usable ? cause : "the server sends something else than the image",
                    error);
    return wait_ms(s, mvm_http_delay_ms(tuning, s->failures, s->easy)) || s->closed ||
           s->stopped != NULL;
}

static bool
run(Stream *s, GError **error)
{
    skip_taken(s);
    while (s->d->left > 0) {
        size_t left_before = s->d->left;
        CURLcode code = read_stream(s);
        bool again = s->d->left == 0 || s->closed || s->stopped != NULL ||
                     try_again(s, code, left_before, error);

        if (s->stopped != NULL) {
            g_propagate_error(error, g_steal_pointer(&s->stopped));
            return false;
        }
        if (s->closed || !again)
            return false;
    }
    return true;
}

bool
mvm_download_sequential(MvmDownload *d, GError **error)
{
    Stream s = {.d = d, .sha = mvm_sha256_new()};
    bool good = false;

    s.easy = mvm_http_handle_new(&d->recovery->tuning, s.error_text);
    mvm_curl_set(s.easy, CURLOPT_WRITEFUNCTION, on_body);
    mvm_curl_set(s.easy, CURLOPT_WRITEDATA, &s);
    mvm_curl_set(s.easy, CURLOPT_NOPROGRESS, 0L);
    mvm_curl_set(s.easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    mvm_curl_set(s.easy, CURLOPT_XFERINFODATA, &s);
    if (!d->told_sequential)
        mvm_progress_note(d->recovery->progress,
                          "the server does not send parts of the file: using one connection, "
                          "which takes longer");
    d->told_sequential = true;
    good = run(&s, error);
    mvm_buffers_put(d->taker->buffers, s.buffer);
    mvm_sha256_free(s.sha);
    curl_easy_cleanup(s.easy);
    return good;
}
