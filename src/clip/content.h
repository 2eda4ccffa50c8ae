/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a clipboard can hold, and one such content.
 *
 * Bytes are never changed on the way through: no line ends, no Unicode normalisation, no byte
 * order mark. Every size is bounded here, once for both sides.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    MVM_CLIP_TEXT, /* UTF-8 */
    MVM_CLIP_HTML,
    MVM_CLIP_RTF,
    MVM_CLIP_PNG,
    MVM_CLIP_TIFF,
    MVM_CLIP_TYPE_COUNT,
} MvmClipType;

/* A set of types: bit 1 << type. */
typedef uint32_t MvmClipTypes;
#define MVM_CLIP_BIT(type) ((MvmClipTypes)1 << (type))

#define MVM_CLIP_TEXT_MAX ((size_t)16 << 20)  /* bytes: each of text, HTML and RTF */
#define MVM_CLIP_IMAGE_MAX ((size_t)32 << 20) /* bytes: each of PNG and TIFF */
#define MVM_CLIP_TOTAL_MAX ((size_t)48 << 20) /* bytes: all types of one content */

/* The longest origin; its characters are ASCII letters, digits, '-', '_' and '.'. */
#define MVM_CLIP_ORIGIN_MAX 64

/* The most bytes that type may have. */
size_t mvm_clip_type_max(MvmClipType type);

/* The media type that names type in frames and logs, e.g. "text/html"; text is
 * "text/plain;charset=utf-8". Static storage. */
const char *mvm_clip_type_media(MvmClipType type);

/* Takes data (from g_malloc(); may be NULL when size is 0). The memory is overwritten before it is
 * freed, because a clipboard may hold a password. */
GBytes *mvm_clip_bytes_take(void *data, size_t size);

/* A copy of data with the property of mvm_clip_bytes_take(). */
GBytes *mvm_clip_bytes_copy(const void *data, size_t size);

/* True when bytes is valid UTF-8; U+0000 is allowed, as it is in a clipboard. */
bool mvm_clip_bytes_is_utf8(GBytes *bytes);

/* True when origin may mark a content; see MVM_CLIP_ORIGIN_MAX. */
bool mvm_clip_origin_is_valid(const char *origin);

/* The origin in bytes (may be NULL), which come from outside; NULL when they are none. */
char *mvm_clip_origin_parse(GBytes *bytes);

/* Types with their bytes. Reference counted; it is filled by its maker and must not change once a
 * second owner has a reference (mvm_clip_content_set() asserts that). */
typedef struct MvmClipContent MvmClipContent;

/* An empty content. origin names the machine that it comes from and travels with it as a marker
 * type, so that another macvm can tell; NULL for none. secret offers the mark by which password
 * managers ask clipboard histories to look away. */
MvmClipContent *mvm_clip_content_new(const char *origin, bool secret);
MvmClipContent *mvm_clip_content_ref(MvmClipContent *content);
void mvm_clip_content_unref(MvmClipContent *content);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmClipContent, mvm_clip_content_unref)

/* Sets the bytes of type, of which it takes a reference, in place of earlier ones. Fails with
 * MVM_ERROR_FAILED, changing nothing, when type's cap or the total would be exceeded. */
bool mvm_clip_content_set(MvmClipContent *content, MvmClipType type, GBytes *bytes, GError **error);

/* The bytes of type, borrowed, or NULL. */
GBytes *mvm_clip_content_get(const MvmClipContent *content, MvmClipType type);

/* The types that have bytes. */
MvmClipTypes mvm_clip_content_get_types(const MvmClipContent *content);

/* Bytes of all types together. */
size_t mvm_clip_content_get_size(const MvmClipContent *content);

/* Borrowed, or NULL. */
const char *mvm_clip_content_get_origin(const MvmClipContent *content);

bool mvm_clip_content_is_secret(const MvmClipContent *content);
