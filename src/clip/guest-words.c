/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/guest-words.h"

#include <string.h>

#define LINES_MAX 32           /* of one payload */
#define ACCESS_ALWAYS_DENY "3" /* NSPasteboard.AccessBehavior, macOS 15.4 */

/* The lines of a frame's payload; the caller frees. */
static char **
lines_of(const MvmFrame *frame)
{
    gsize len = 0;
    const char *bytes = g_bytes_get_data(frame->payload, &len);
    g_autofree char *text = g_strndup(bytes != NULL ? bytes : "", len);

    return g_strsplit(text, "\n", LINES_MAX);
}

/* The value of "key value" among lines, or "". */
static const char *
fact(char **lines, const char *key)
{
    size_t len = strlen(key);

    for (; *lines != NULL; lines++) {
        if (strncmp(*lines, key, len) == 0 && (*lines)[len] == ' ')
            return *lines + len + 1;
    }
    return "";
}

void
mvm_guest_parse_hello(const MvmFrame *frame, MvmGuestHello *ret_hello, bool *ret_polls)
{
    g_auto(GStrv) lines = lines_of(frame);
    const char *console = fact(lines, "console");

    *ret_hello = (MvmGuestHello){
        .count = frame->meta,
        .types = MVM_CLIP_BIT(MVM_CLIP_TYPE_COUNT) - 1,
        .agent = "osascript",
        .absent = *console != '\0' && strcmp(console, fact(lines, "user")) != 0,
        .denied = strcmp(fact(lines, "access"), ACCESS_ALWAYS_DENY) == 0,
    };
    *ret_polls = strcmp(fact(lines, "poll"), "0") != 0;
}

bool
mvm_guest_parse_changed(const MvmFrame *frame, MvmClipTypes *ret_types)
{
    g_auto(GStrv) lines = lines_of(frame);

    *ret_types = 0;
    for (int i = 0; i < MVM_CLIP_TYPE_COUNT; i++) {
        if (g_strv_contains((const char *const *)lines, mvm_guest_type_name((MvmClipType)i)))
            *ret_types |= MVM_CLIP_BIT(i);
    }
    return g_strcmp0(lines[0], "plain") != 0;
}

bool
mvm_frame_is(const MvmFrame *frame, const char *text)
{
    gsize len = 0;
    const char *bytes = g_bytes_get_data(frame->payload, &len);

    return len == strlen(text) && (len == 0 || memcmp(bytes, text, len) == 0);
}

void
mvm_content_writer_begin(MvmContentWriter *writer, MvmClipContent *content, GByteArray *out,
                         uint32_t *seq)
{
    writer->content = mvm_clip_content_ref(content);
    mvm_frame_append(out, seq, 'W', 0, NULL, 0);
}

/* The S frame of a type before its first byte, then a B frame; true when bytes are left. */
static bool
append_bytes(MvmContentWriter *writer, MvmClipType type, GBytes *bytes, GByteArray *out,
             uint32_t *seq)
{
    const char *name = mvm_guest_type_name(type);
    size_t size = g_bytes_get_size(bytes), len = MIN(size - writer->offset, MVM_FRAME_CHUNK);

    if (writer->offset == 0)
        mvm_frame_append(out, seq, 'S', 0, name, strlen(name));
    if (len > 0)
        mvm_frame_append(out, seq, 'B', 0,
                         (const uint8_t *)g_bytes_get_data(bytes, NULL) + writer->offset, len);
    writer->offset += len;
    return writer->offset < size;
}

bool
mvm_content_writer_append(MvmContentWriter *writer, GByteArray *out, uint32_t *seq)
{
    for (; writer->next_type < MVM_CLIP_TYPE_COUNT; writer->next_type++) {
        MvmClipType type = (MvmClipType)writer->next_type;
        GBytes *bytes = mvm_clip_content_get(writer->content, type);

        if (bytes != NULL && append_bytes(writer, type, bytes, out, seq))
            return true;
        writer->offset = 0;
    }
    mvm_frame_append(out, seq, 'Z', 0, NULL, 0);
    writer->committed = true;
    return false;
}

void
mvm_content_writer_clear(MvmContentWriter *writer)
{
    g_clear_pointer(&writer->content, mvm_clip_content_unref);
    *writer = (MvmContentWriter){0};
}
