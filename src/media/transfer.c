/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/transfer.h"

#include "media/answer.h"

#include <string.h>

static uint64_t
chunk_start(const MvmTransfer *t)
{
    return t->list->map.starts[t->chunk];
}

static uint32_t
chunk_length(const MvmTransfer *t)
{
    return mvm_chunk_map_get_length(&t->list->map, t->chunk);
}

/* Whether a 206 has what was asked for. */
static bool
range_fits(const MvmTransfer *t)
{
    uint64_t first = 0, last = 0, total = 0;

    return t->content_range != NULL &&
           mvm_content_range_parse(t->content_range, &first, &last, &total) &&
           first == chunk_start(t) + t->got && last >= first &&
           last < chunk_start(t) + chunk_length(t) &&
           total == mvm_chunk_map_get_size(&t->list->map);
}

/* A 200 is the whole file if it is as long as that; otherwise a page of somebody else's. */
static MvmTransferEnd
classify_whole(const MvmTransfer *t)
{
    curl_off_t length = -1;

    (void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length >= 0 && (uint64_t)length != mvm_chunk_map_get_size(&t->list->map))
        return MVM_TRANSFER_NOT_DATA;
    return MVM_TRANSFER_NO_RANGES;
}

/* At the first byte of the body. False: do not take it. */
static bool
look(MvmTransfer *t)
{
    long status = 0;

    if (t->looked)
        return t->refused == MVM_TRANSFER_FAILED;
    t->looked = true;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status == 206 && !range_fits(t))
        t->refused = MVM_TRANSFER_OTHER_FILE;
    else if (status == 200)
        t->refused = classify_whole(t);
    else if (status != 206)
        return false;
    return t->refused == MVM_TRANSFER_FAILED;
}

static size_t
on_body(char *data, size_t one, size_t len, void *opaque)
{
    MvmTransfer *t = opaque;

    if (!look(t))
        return 0;
    if (len > chunk_length(t) - t->got) {
        t->refused = MVM_TRANSFER_OTHER_FILE;
        return 0;
    }
    memcpy(t->buffer + t->got, data, len);
    mvm_sha256_update(t->sha, data, len);
    t->got += (uint32_t)len;
    t->failures = 0;
    return len;
}

static size_t
on_header(char *data, size_t one, size_t len, void *opaque)
{
    static const char name[] = "content-range:";
    MvmTransfer *t = opaque;
    g_autofree char *line = g_strndup(data, len);

    if (g_ascii_strncasecmp(line, name, strlen(name)) == 0) {
        g_free(t->content_range);
        t->content_range = g_strdup(g_strstrip(line + strlen(name)));
    }
    return len;
}

void
mvm_transfer_init(MvmTransfer *t, const MvmChunklist *list, const MvmHttpTuning *tuning)
{
    *t = (MvmTransfer){.list = list, .sha = mvm_sha256_new()};
    t->easy = mvm_http_handle_new(tuning, t->error_text);
    mvm_curl_set(t->easy, CURLOPT_WRITEFUNCTION, on_body);
    mvm_curl_set(t->easy, CURLOPT_WRITEDATA, t);
    mvm_curl_set(t->easy, CURLOPT_HEADERFUNCTION, on_header);
    mvm_curl_set(t->easy, CURLOPT_HEADERDATA, t);
    mvm_curl_set(t->easy, CURLOPT_PRIVATE, t);
}

void
mvm_transfer_clear(MvmTransfer *t)
{
    g_clear_pointer(&t->easy, curl_easy_cleanup);
    g_clear_pointer(&t->sha, mvm_sha256_free);
    g_clear_pointer(&t->content_range, g_free);
}

/* Begins the chunk anew. */
static void
drop_data(MvmTransfer *t)
{
    uint8_t ignored[MVM_SHA256_SIZE];

    mvm_sha256_finish(t->sha, ignored);
    t->got = 0;
}

void
mvm_transfer_assign(MvmTransfer *t, size_t index, uint32_t chunk, uint8_t *buffer)
{
    t->index = index;
    t->chunk = chunk;
    t->buffer = buffer;
    t->bad = 0;
    t->retry_at = 0;
    drop_data(t);
}

void
mvm_transfer_prepare(MvmTransfer *t, const char *url, const char *cookie)
{
    uint64_t end = chunk_start(t) + chunk_length(t) - 1;
    g_autofree char *range =
        g_strdup_printf("%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, chunk_start(t) + t->got, end);

    t->looked = false;
    t->refused = MVM_TRANSFER_FAILED;
    t->error_text[0] = '\0';
    g_clear_pointer(&t->content_range, g_free);
    mvm_curl_set(t->easy, CURLOPT_URL, url);
    mvm_curl_set(t->easy, CURLOPT_COOKIE, cookie);
    mvm_curl_set(t->easy, CURLOPT_RANGE, range);
    /* After answers that did not fit: whoever keeps that connection may be the cause. */
    mvm_curl_set(t->easy, CURLOPT_FRESH_CONNECT, t->bad > 1 ? 1L : 0L);
}

MvmTransferEnd
mvm_transfer_end(MvmTransfer *t, CURLcode code, long *ret_status)
{
    uint8_t digest[MVM_SHA256_SIZE];

    *ret_status = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, ret_status);
    if (code == CURLE_OK && *ret_status < 300 && !t->looked)
        (void)look(t); /* an empty body: the headers alone tell */
    if (t->refused != MVM_TRANSFER_FAILED)
        return t->refused;
    if (t->got < chunk_length(t))
        return MVM_TRANSFER_FAILED;
    mvm_sha256_finish(t->sha, digest);
    if (memcmp(digest, t->list->digests[t->chunk], sizeof(digest)) == 0)
        return MVM_TRANSFER_DONE;
    t->got = 0;
    return MVM_TRANSFER_WRONG_HASH;
}
