/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One connection that fetches one chunk at a time by a range request. What arrived stays over a
 * failure: the next attempt asks for the rest. For download.c only.
 */
#pragma once

#include "media/chunklist.h"
#include "media/http-private.h"

/* How an attempt ended, beyond libcurl's code. */
typedef enum {
    MVM_TRANSFER_FAILED,     /* look at code and status */
    MVM_TRANSFER_DONE,       /* the chunk is whole and verified */
    MVM_TRANSFER_WRONG_HASH, /* it is whole, and not what was signed; it was dropped */
    MVM_TRANSFER_NO_RANGES,  /* the server sends the whole file instead */
    MVM_TRANSFER_NOT_DATA,   /* a page instead of data */
    MVM_TRANSFER_OTHER_FILE, /* another range, or a range of a file of another size */
} MvmTransferEnd;

typedef struct {
    CURL *easy;               /* owned */
    const MvmChunklist *list; /* borrowed */
    MvmSha256 *sha;           /* owned */
    uint8_t *buffer;          /* owned: where the chunk goes; NULL: idle */
    size_t index;             /* of the chunk in the list of who called */
    uint32_t chunk;
    uint32_t got;           /* bytes of it that are there */
    MvmTransferEnd refused; /* why the body was not taken, or FAILED */
    bool looked;            /* the status of this attempt was looked at */
    char *content_range;    /* owned: header of this attempt */
    bool active;            /* an attempt is under way */
    int64_t retry_at;       /* monotonic time of the next attempt, in microseconds */
    unsigned failures;      /* in a row, without a byte between */
    unsigned bad;           /* answers for this chunk that were of no use */
    unsigned generation;    /* of the token that the attempt was made with */
    char error_text[CURL_ERROR_SIZE];
} MvmTransfer;

void mvm_transfer_init(MvmTransfer *t, const MvmChunklist *list, const MvmHttpTuning *tuning);
void mvm_transfer_clear(MvmTransfer *t);

/* Takes buffer for a chunk that begins with nothing. */
void mvm_transfer_assign(MvmTransfer *t, size_t index, uint32_t chunk, uint8_t *buffer);

/* Sets the handle up for what is missing of the chunk. The caller adds it to its multi handle. */
void mvm_transfer_prepare(MvmTransfer *t, const char *url, const char *cookie);

/* What came of the attempt that libcurl ended with code. */
MvmTransferEnd mvm_transfer_end(MvmTransfer *t, CURLcode code, long *ret_status);
