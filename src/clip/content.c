/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/content.h"

#include "util/error.h"

#include <string.h>

struct MvmClipContent {
    gatomicrefcount refs;
    char *origin; /* owned, may be NULL */
    bool secret;
    size_t size;                        /* of all bytes */
    GBytes *bytes[MVM_CLIP_TYPE_COUNT]; /* a reference each, or NULL */
};

static const struct {
    const char *media;
    size_t max;
} types[MVM_CLIP_TYPE_COUNT] = {
    [MVM_CLIP_TEXT] = {"text/plain;charset=utf-8", MVM_CLIP_TEXT_MAX},
    [MVM_CLIP_HTML] = {"text/html", MVM_CLIP_TEXT_MAX},
    [MVM_CLIP_RTF] = {"text/rtf", MVM_CLIP_TEXT_MAX},
    [MVM_CLIP_PNG] = {"image/png", MVM_CLIP_IMAGE_MAX},
    [MVM_CLIP_TIFF] = {"image/tiff", MVM_CLIP_IMAGE_MAX},
};

size_t
mvm_clip_type_max(MvmClipType type)
{
    return types[type].max;
}

const char *
mvm_clip_type_media(MvmClipType type)
{
    return types[type].media;
}

typedef struct {
    size_t size;
    void *data;
} Wiped;

static void
wiped_free(void *pointer)
{
    Wiped *wiped = pointer;

    if (wiped->size > 0)
        explicit_bzero(wiped->data, wiped->size);
    g_free(wiped->data);
    g_free(wiped);
}

GBytes *
mvm_clip_bytes_take(void *data, size_t size)
{
    Wiped *wiped = g_new(Wiped, 1);

    *wiped = (Wiped){.size = size, .data = data};
    return g_bytes_new_with_free_func(data, size, wiped_free, wiped);
}

GBytes *
mvm_clip_bytes_copy(const void *data, size_t size)
{
    return mvm_clip_bytes_take(g_memdup2(data, size), size);
}

bool
mvm_clip_bytes_is_utf8(GBytes *bytes)
{
    size_t size = 0;
    const char *at = g_bytes_get_data(bytes, &size);
    const char *end = at + size;

    /* g_utf8_validate_len() stops at U+0000, which is valid: go on behind it. */
    while (at < end) {
        const char *stop = at;

        if (!g_utf8_validate_len(at, (size_t)(end - at), &stop) && *stop != '\0')
            return false;
        at = stop < end ? stop + 1 : end;
    }
    return true;
}

bool
mvm_clip_origin_is_valid(const char *origin)
{
    size_t len = strlen(origin);

    if (len == 0 || len > MVM_CLIP_ORIGIN_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!g_ascii_isalnum(origin[i]) && strchr("-_.", origin[i]) == NULL)
            return false;
    }
    return true;
}

char *
mvm_clip_origin_parse(GBytes *bytes)
{
    g_autofree char *origin = NULL;

    if (bytes != NULL)
        origin = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    return origin != NULL && mvm_clip_origin_is_valid(origin) ? g_steal_pointer(&origin) : NULL;
}

MvmClipContent *
mvm_clip_content_new(const char *origin, bool secret)
{
    MvmClipContent *content = NULL;

    g_return_val_if_fail(origin == NULL || mvm_clip_origin_is_valid(origin), NULL);
    content = g_new0(MvmClipContent, 1);
    g_atomic_ref_count_init(&content->refs);
    content->origin = g_strdup(origin);
    content->secret = secret;
    return content;
}

MvmClipContent *
mvm_clip_content_ref(MvmClipContent *content)
{
    g_atomic_ref_count_inc(&content->refs);
    return content;
}

void
mvm_clip_content_unref(MvmClipContent *content)
{
    if (!g_atomic_ref_count_dec(&content->refs))
        return;
    for (int i = 0; i < MVM_CLIP_TYPE_COUNT; i++)
        g_clear_pointer(&content->bytes[i], g_bytes_unref);
    g_free(content->origin);
    g_free(content);
}

bool
mvm_clip_content_set(MvmClipContent *content, MvmClipType type, GBytes *bytes, GError **error)
{
    size_t size = g_bytes_get_size(bytes);
    size_t others = content->size;

    g_return_val_if_fail(g_atomic_ref_count_compare(&content->refs, 1), false);
    if (content->bytes[type] != NULL)
        others -= g_bytes_get_size(content->bytes[type]);
    if (size > types[type].max || size > MVM_CLIP_TOTAL_MAX - others) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot keep '%s': its %zu bytes are too many", types[type].media, size);
        return false;
    }
    g_bytes_ref(bytes);
    g_clear_pointer(&content->bytes[type], g_bytes_unref);
    content->bytes[type] = bytes;
    content->size = others + size;
    return true;
}

GBytes *
mvm_clip_content_get(const MvmClipContent *content, MvmClipType type)
{
    return content->bytes[type];
}

MvmClipTypes
mvm_clip_content_get_types(const MvmClipContent *content)
{
    MvmClipTypes present = 0;

    for (int i = 0; i < MVM_CLIP_TYPE_COUNT; i++) {
        if (content->bytes[i] != NULL)
            present |= MVM_CLIP_BIT(i);
    }
    return present;
}

size_t
mvm_clip_content_get_size(const MvmClipContent *content)
{
    return content->size;
}

const char *
mvm_clip_content_get_origin(const MvmClipContent *content)
{
    return content->origin;
}

bool
mvm_clip_content_is_secret(const MvmClipContent *content)
{
    return content->secret;
}
