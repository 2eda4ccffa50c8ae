/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/formats.h"

#define TEXTS                                                                                      \
    (MVM_CLIP_BIT(MVM_CLIP_TEXT) | MVM_CLIP_BIT(MVM_CLIP_HTML) | MVM_CLIP_BIT(MVM_CLIP_RTF))

const MvmClipFormat mvm_clip_formats[MVM_CLIP_FORMAT_COUNT] = {
    {"text/plain;charset=utf-8", MVM_CLIP_TEXT, .read = true, .offer = true},
    {"text/plain;charset=UTF-8", MVM_CLIP_TEXT, .read = true, .offer = false},
    {"UTF8_STRING", MVM_CLIP_TEXT, .read = true, .offer = true},
    {"text/plain", MVM_CLIP_TEXT, .read = true, .offer = true},
    {"STRING", MVM_CLIP_TEXT, .read = true, .offer = true, .latin1 = true},
    {"TEXT", MVM_CLIP_TEXT, .read = false, .offer = true},
    {"text/html", MVM_CLIP_HTML, .read = true, .offer = true},
    {"text/rtf", MVM_CLIP_RTF, .read = true, .offer = true},
    {"application/rtf", MVM_CLIP_RTF, .read = true, .offer = true},
    {"image/png", MVM_CLIP_PNG, .read = true, .offer = true},
    {"image/tiff", MVM_CLIP_TIFF, .read = true, .offer = true},
};

const char *const mvm_clip_files[MVM_CLIP_FILES_COUNT] = {
    "x-special/gnome-copied-files",
    "x-special/mate-copied-files",
    "application/x-kde-cutselection",
};

void
mvm_clip_choice_init(MvmClipChoice *choice)
{
    *choice = (MvmClipChoice){.origin = false};
    for (int i = 0; i < MVM_CLIP_TYPE_COUNT; i++)
        choice->format[i] = -1;
}

void
mvm_clip_choice_add_format(MvmClipChoice *choice, int format)
{
    const MvmClipFormat *found = &mvm_clip_formats[format];
    int *best = &choice->format[found->type];

    if (found->read && (*best < 0 || format < *best))
        *best = format;
}

void
mvm_clip_choice_add_name(MvmClipChoice *choice, const char *name)
{
    if (g_ascii_strcasecmp(name, MVM_CLIP_ORIGIN_FORMAT) == 0)
        choice->origin = true;
    if (g_ascii_strcasecmp(name, MVM_CLIP_SECRET_FORMAT) == 0)
        choice->secret = true;
    for (int i = 0; i < MVM_CLIP_FILES_COUNT; i++)
        choice->files = choice->files || g_ascii_strcasecmp(name, mvm_clip_files[i]) == 0;
    for (int i = 0; i < MVM_CLIP_FORMAT_COUNT; i++) {
        if (g_ascii_strcasecmp(name, mvm_clip_formats[i].name) == 0) {
            mvm_clip_choice_add_format(choice, i);
            return;
        }
    }
}

MvmClipTypes
mvm_clip_choice_get_types(const MvmClipChoice *choice)
{
    MvmClipTypes types = 0;

    for (int i = 0; i < MVM_CLIP_TYPE_COUNT; i++) {
        if (choice->format[i] >= 0)
            types |= MVM_CLIP_BIT(i);
    }
    return choice->files ? types & ~TEXTS : types;
}

GBytes *
mvm_clip_utf8_from_latin1(GBytes *bytes)
{
    size_t size = 0, used = 0;
    const uint8_t *in = g_bytes_get_data(bytes, &size);
    uint8_t *out = g_malloc(2 * size + 1);

    for (size_t i = 0; i < size; i++) {
        if (in[i] < 0x80) {
            out[used++] = in[i];
        } else {
            out[used++] = (uint8_t)(0xc0 | in[i] >> 6);
            out[used++] = (uint8_t)(0x80 | (in[i] & 0x3f));
        }
    }
    return mvm_clip_bytes_take(out, used);
}

/* Decodes one character up to U+00FF at in[*at], stepping over it; -1 when it is none. */
static int
latin1_step(const uint8_t *in, size_t size, size_t *at)
{
    uint8_t lead = in[(*at)++];

    if (lead < 0x80)
        return lead;
    if ((lead != 0xc2 && lead != 0xc3) || *at == size || (in[*at] & 0xc0) != 0x80)
        return -1;
    return (lead & 0x03) << 6 | (in[(*at)++] & 0x3f);
}

bool
mvm_clip_utf8_is_latin1(GBytes *bytes)
{
    size_t size = 0, at = 0;
    const uint8_t *in = g_bytes_get_data(bytes, &size);

    while (at < size) {
        if (latin1_step(in, size, &at) < 0)
            return false;
    }
    return true;
}

GBytes *
mvm_clip_latin1_from_utf8(GBytes *bytes)
{
    size_t size = 0, at = 0, used = 0;
    const uint8_t *in = g_bytes_get_data(bytes, &size);
    uint8_t *out = NULL;

    if (!mvm_clip_utf8_is_latin1(bytes))
        return NULL;
    out = g_malloc(size + 1);
    while (at < size)
        out[used++] = (uint8_t)latin1_step(in, size, &at);
    return mvm_clip_bytes_take(out, used);
}
