/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a backend owns the clipboard with: the content, the types that are still only promised, and
 * the readers who wait for one of those.
 */
#pragma once

#include "clip/backend-private.h"
#include "clip/formats.h"

/* Gives waiter what it asked for; bytes (borrowed) is NULL when it cannot be had. */
typedef void (*MvmClipGiveFunc)(void *waiter, GBytes *bytes);

typedef struct MvmClipHolding MvmClipHolding;

/* For mvm_clip_backend_own(). content is copied by reference to its bytes. */
MvmClipHolding *mvm_clip_holding_new(MvmClipBackend *backend, uint64_t own_id,
                                     const MvmClipContent *content, MvmClipTypes promised);

/* Every waiter is given NULL. Does nothing for NULL. */
void mvm_clip_holding_free(MvmClipHolding *holding);

uint64_t mvm_clip_holding_get_id(const MvmClipHolding *holding);

/* The content; its origin and its mark of secrecy. Borrowed. */
const MvmClipContent *mvm_clip_holding_get_content(const MvmClipHolding *holding);

/* True when the format (an index of mvm_clip_formats) is to be offered. */
bool mvm_clip_holding_offers(const MvmClipHolding *holding, int format);

/* Has give(waiter, bytes in format) called exactly once: at once when the bytes are there,
 * otherwise when they were provided, or with NULL after MVM_CLIP_PROMISE_MS. */
void mvm_clip_holding_ask(MvmClipHolding *holding, int format, MvmClipGiveFunc give, void *waiter);

/* mvm_clip_backend_provide(). */
void mvm_clip_holding_provide(MvmClipHolding *holding, MvmClipType type, GBytes *bytes);
