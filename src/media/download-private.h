/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between download.c and sequential.c. */
#pragma once

#include "media/download.h"
#include "media/transfer.h"

#define MVM_CONNECTIONS_MAX 16

typedef struct {
    MvmMediaSource source;
    const MvmRecovery *recovery; /* borrowed */
    MvmAnswer *answer;           /* borrowed */
    const MvmChunklist *list;    /* borrowed */
    char *cookie;                /* owned: the token of answer */
    unsigned generation;         /* how often the token was renewed */
    gint64 renewed_at;           /* monotonic time; 0: never */
    gint64 told_until;           /* monotonic time: that the server is busy was told until then */
    CURLM *multi;                /* owned */
    MvmTransfer transfers[MVM_CONNECTIONS_MAX];
    unsigned connections;
    bool sequential;      /* the server does no ranges */
    bool told_sequential; /* and that was told */

    /* What download_load() was called with, while it runs. */
    MvmChunkTaker *taker;
    const uint32_t *chunks;
    size_t count;
    size_t next;    /* the first chunk of the list that no connection has taken */
    size_t left;    /* how many were not yet given to taker */
    uint8_t *taken; /* by index: it was */
} MvmDownload;

/* Asks for new tokens after the server answered status to a request made with those of generation;
 * once a minute at most. */
bool mvm_download_renew(MvmDownload *d, unsigned generation, long status, GError **error);

void mvm_download_update_cookie(MvmDownload *d);

/* Fetches the rest of the list from one stream of the whole file. */
bool mvm_download_sequential(MvmDownload *d, GError **error);
