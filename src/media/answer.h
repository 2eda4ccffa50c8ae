/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a recovery server answers when it is asked for an image: lines "KEY: VALUE" with the product
 * (AP), and address and access token of the image (AU, AT) and of its chunklist (CU, CT).
 * Source: OpenCorePkg macrecovery.py.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    char *product; /* all owned */
    char *image_url;
    char *image_token;
    char *chunklist_url;
    char *chunklist_token;
} MvmAnswer;

/* Parses len bytes. Addresses have to be http or https, on a host of apple.com, or, when host is
 * not NULL, on that one; no value may hold control characters. *ret_answer is set on success, to be
 * cleared by the caller; the error is a cause. */
bool mvm_answer_parse(const char *text, size_t len, const char *host, MvmAnswer *ret_answer,
                      GError **error);
void mvm_answer_clear(MvmAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmAnswer, mvm_answer_clear)

/* Parses the value of a Content-Range header, "bytes FIRST-LAST/TOTAL". */
bool mvm_content_range_parse(const char *text, uint64_t *ret_first, uint64_t *ret_last,
                             uint64_t *ret_total);
