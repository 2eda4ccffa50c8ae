/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HTTP as Apple's recovery does it: no cookie engine, no .netrc, no compression, status codes
 * looked at by the caller. Proxies by http_proxy, https_proxy and no_proxy. libcurl's headers are
 * included by the files http.c, transfer.c, sequential.c and download.c only.
 */
#pragma once

#include "util/progress.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    unsigned connections;   /* for the image, 1 to 16 */
    unsigned stall_seconds; /* a transfer slower than 1 KiB/s for so long is given up */
    unsigned backoff_ms;    /* before the first repetition; doubles up to 30 s */
    unsigned tries;         /* without any progress, before it fails */
    unsigned offline_tries; /* the same, while no server can be reached at all */
} MvmHttpTuning;

#define MVM_HTTP_TUNING_DEFAULT                                                                    \
    (MvmHttpTuning)                                                                                \
    {                                                                                              \
        .connections = 4, .stall_seconds = 30, .backoff_ms = 1000, .tries = 8, .offline_tries = 2  \
    }

typedef struct {
    const char *url;
    const char *cookie; /* "name=value", or NULL */
    const char *post;   /* a body of text/plain to POST; NULL: GET */
    size_t max;         /* a longer answer is an error */
} MvmHttpRequest;

typedef struct {
    long status;
    GByteArray *body; /* owned */
    char *session;    /* owned: the first cookie that the server sets with that name, as
                       * "session=value"; or NULL */
} MvmHttpReply;

/* Makes the request, repeating it while it fails in a way that may pass (a cut or stalled
 * connection, 408, 429, 5xx; Retry-After is obeyed; no connection at all, fewer times). Succeeds
 * with any other status. Fails with MVM_ERROR_CANCELLED when progress asks to stop. */
bool mvm_http_request(const MvmHttpRequest *request, const MvmHttpTuning *tuning,
                      MvmProgress *progress, MvmHttpReply *ret_reply, GError **error);

/* url as it may be shown: without a password. The caller frees. */
char *mvm_http_dup_shown(const char *url);

void mvm_http_reply_clear(MvmHttpReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmHttpReply, mvm_http_reply_clear)
