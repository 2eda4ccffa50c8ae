/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The conversation with a recovery server that comes before the image: a session, what to fetch
 * from where, and the chunklist. Source: OpenCorePkg macrecovery.py.
 */
#pragma once

#include "media/answer.h"
#include "media/catalog.h"
#include "media/chunklist.h"
#include "media/http.h"

typedef struct {
    const MvmMediaRequest *request; /* borrowed */
    const char *server;             /* "http://HOST[:PORT][/PATH]"; NULL: Apple's */
    MvmHttpTuning tuning;
    MvmProgress *progress; /* borrowed */
} MvmRecovery;

/* Opens a session and asks where the image is: each call anew, with tokens that are fresh. Fails
 * with MVM_ERROR_USAGE for a server that is not an address of the web. */
bool mvm_recovery_ask(const MvmRecovery *recovery, MvmAnswer *ret_answer, GError **error);

/* Fetches the chunklist that answer names, and verifies it. */
MvmChunklist *mvm_recovery_fetch_chunklist(const MvmRecovery *recovery, const MvmAnswer *answer,
                                           const MvmTrust *trust, GError **error);
