/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every libcurl handle of this part has in common. */
#pragma once

#include "media/http.h"

#include <curl/curl.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURL, curl_easy_cleanup)

/* A new handle with the common options; error_text has CURL_ERROR_SIZE bytes and lives on. */
CURL *mvm_http_handle_new(const MvmHttpTuning *tuning, char *error_text);

/* Sets an option. What is set is constant or memory-bound: a failure ends the program. */
#define mvm_curl_set(easy, option, value)                                                          \
    G_STMT_START                                                                                   \
    {                                                                                              \
        if (curl_easy_setopt(easy, option, value) != CURLE_OK)                                     \
            g_error("libcurl does not know " #option);                                             \
    }                                                                                              \
    G_STMT_END

/* Whether the failure may pass: the same request can be made again. */
bool mvm_http_is_transient(CURLcode code, long status);

/* How long to wait before repetition number failures (1 the first), in milliseconds; at least what
 * the server asked for with Retry-After, up to five minutes. */
int64_t mvm_http_delay_ms(const MvmHttpTuning *tuning, unsigned failures, CURL *easy);

/* Whether the server asks to be left alone for longer than anybody would wait. */
bool mvm_http_is_sent_away(CURL *easy);

/* What it asks for, in seconds, when that is long enough to be told to the user; else 0. */
int64_t mvm_http_get_patience(CURL *easy);

/* "timed out", "the server answers 403": what went wrong with easy's transfer, for a message. The
 * caller frees. */
char *mvm_http_dup_cause(CURL *easy, CURLcode code, long status, const char *error_text);
