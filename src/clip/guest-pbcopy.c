/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest through pbcopy and pbpaste: text only, looked at twice a second.
 *
 * A loop in the guest says when pbpaste's output has another checksum; each read and write is a
 * short ssh of its own that rides on the loop's connection. There is no change count: 32 bits of
 * the checksum stand for it, so that what is there before and after a gap is known to be the same.
 * A write is reported back as a change: the engine sees that it is the same text. Marks of secrecy
 * cannot be seen.
 */
#include "clip/frame.h"
#include "clip/guest-private.h"
#include "util/error.h"

#include <string.h>

/* In the C locale both programs take text for Mac OS Roman. No single quote, backslash in double
 * quotes or exclamation mark inside, so that every login shell agrees on it. */
#define ENTER "exec /bin/sh -c 'unset LC_ALL; LC_CTYPE=UTF-8; export LC_CTYPE; "

/* The b frame says that the loop has seen what was there at first, and tells changes from now on;
 * both that and the C frame carry the checksum.
 * The p frame every ten seconds is how it learns that nobody listens any more. */
static const char watch_command[] =
    ENTER "command -v pbpaste >/dev/null || exit 127; n=0; q=0; m=00000000; last=; "
          "if sum=$(command -v cksum); then hex=%08x; "
          "else hex=%.8s; sum=$(command -v md5sum) || exit 127; fi; "
          "say() { printf \"MCV1%s %08x%s00000000\\n\" $1 $n $m || exit 1; n=$((n+1)); q=0; }; "
          "say H; while :; do now=$(pbpaste 2>/dev/null | $sum); "
          "if [ \"$now\" = \"$last\" ]; then q=$((q+1)); "
          "else m=$(printf $hex ${now%% *}); "
          "if [ -z \"$last\" ]; then say b; else say C; fi; last=$now; fi; "
          "[ $q -lt 20 ] || say p; sleep 0.5 || sleep 1; done'";
static const char copy_command[] = ENTER "exec pbcopy'";
static const char paste_command[] = ENTER "exec pbpaste -Prefer txt'";

/* For the b frame. A first pbpaste that hangs must not keep the host's copies from the guest. */
#define BASELINE_MS 2000

typedef struct {
    MvmGuest base;
    MvmTransport *watch, *copy, *paste; /* owned; copy and paste are NULL when idle */
    MvmFrameReader *reader;             /* owned */
    bool greeted, ready;
    uint32_t count;            /* the checksum that the loop told last */
    size_t copy_size;          /* bytes that copy is to bring over */
    GByteArray *pasted;        /* owned; what paste has given so far */
    uint32_t pasting;          /* the count that paste reads */
    bool again;                /* another fetch came meanwhile */
    uint32_t next;             /* its count */
    GSource *silence, *report; /* owned, or NULL */
} Pb;

static void
fail(Pb *pb, MvmGuestEnd end, const char *cause)
{
    g_autofree char *what = mvm_ssh_target_format(pb->base.target);
    g_autoptr(GError) error = g_error_new(MVM_ERROR, MVM_ERROR_FAILED,
                                          "cannot use the clipboard of '%s': %s", what, cause);

    mvm_guest_end(&pb->base, end, error);
}

static gboolean
on_silence(gpointer data)
{
    Pb *pb = data;

    mvm_guest_set_timer(&pb->base, &pb->silence, 0, NULL);
    if (!pb->greeted)
        fail(pb, MVM_GUEST_SILENT, "there is no pbpaste");
    else if (pb->paste != NULL && pb->copy == NULL)
        fail(pb, MVM_GUEST_BLOCKED, "reading it takes too long");
    else
        fail(pb, MVM_GUEST_LOST, "pbcopy does not end");
    return G_SOURCE_REMOVE;
}

static void
watch_silence(Pb *pb)
{
    bool busy = pb->copy != NULL || pb->paste != NULL;
    /* What is in the pipes takes time: a second for each MiB. */
    unsigned more = pb->copy != NULL ? (unsigned)(pb->copy_size >> 20) * 1000 : 0;

    mvm_guest_set_timer(&pb->base, &pb->silence, busy ? MVM_GUEST_SILENCE_MS + more : 0,
                        on_silence);
}

/* pbcopy looks at what it gets: this would arrive as something else than text, and pbpaste gives
 * RTF where there is no text. */
static bool
looks_like_text(const char *bytes, size_t len)
{
    return !(len >= 5 && memcmp(bytes, "{\\rtf", 5) == 0) &&
           !(len >= 4 && memcmp(bytes, "%!PS", 4) == 0);
}

static MvmTransport *
run(Pb *pb, const char *command, MvmSshShare share, const MvmTransportEvents *events,
    GError **error)
{
    g_autofree char *what = mvm_ssh_target_format(pb->base.target);
    g_auto(GStrv) argv = mvm_ssh_target_to_argv(pb->base.target, share, command, error);

    if (argv == NULL)
        return NULL;
    return mvm_transport_new((const char *const *)argv, what, pb->base.context, events, pb, error);
}

static void
on_nothing_to_send(void *data)
{
}

static void
on_copy_received(const uint8_t *bytes, size_t len, void *data)
{
}

static void
on_copy_ended(MvmTransportEnd end, int status, const GError *error, void *data)
{
    Pb *pb = data;

    g_clear_pointer(&pb->copy, mvm_transport_free);
    watch_silence(pb);
    if (end == MVM_TRANSPORT_DONE)
        pb->base.events.written(pb->count, true, pb->base.data);
    else
        mvm_guest_end(&pb->base, mvm_guest_end_of(end, true), error);
}

static bool
pb_write(MvmGuest *guest, MvmClipContent *content, GError **error)
{
    static const MvmTransportEvents events = {on_copy_received, on_nothing_to_send, on_copy_ended};
    Pb *pb = (Pb *)guest;
    GBytes *text = mvm_clip_content_get(content, MVM_CLIP_TEXT);
    gsize len = 0;
    const char *bytes = text != NULL ? g_bytes_get_data(text, &len) : NULL;

    if (!looks_like_text(bytes, len)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot copy '%s' to the guest: pbcopy would not take it for text",
                    mvm_clip_type_media(MVM_CLIP_TEXT));
        return false;
    }
    pb->copy = run(pb, copy_command, MVM_SSH_RIDER, &events, error);
    if (pb->copy == NULL)
        return false;
    pb->copy_size = len;
    mvm_transport_send(pb->copy, bytes, len);
    mvm_transport_close_input(pb->copy);
    watch_silence(pb);
    return true;
}

/* pbcopy has no commit: what was begun may have happened. */
static bool
pb_cancel(MvmGuest *guest)
{
    return false;
}

static void pb_fetch(MvmGuest *guest, uint32_t count, MvmClipType type);

static void
finish_paste(Pb *pb, GBytes *bytes, const GError *cause)
{
    uint32_t count = pb->pasting;
    g_autoptr(GError) error = NULL;

    if (count != pb->count) {
        bytes = NULL;
        error = g_error_new_literal(MVM_ERROR, MVM_ERROR_CONFLICT,
                                    "cannot take the guest's text: it has changed");
    } else if (bytes != NULL && !mvm_guest_check_bytes(MVM_CLIP_TEXT, bytes, &error)) {
        bytes = NULL;
    }
    if (pb->again) {
        pb->again = false;
        pb_fetch(&pb->base, pb->next, MVM_CLIP_TEXT);
    }
    pb->base.events.fetched(count, MVM_CLIP_TEXT, bytes, error != NULL ? error : cause,
                            pb->base.data);
}

static void
on_pasted(const uint8_t *bytes, size_t len, void *data)
{
    Pb *pb = data;

    watch_silence(pb);
    if (pb->pasted->len <= MVM_CLIP_TEXT_MAX) /* one piece more is enough to be too long */
        g_byte_array_append(pb->pasted, bytes, (guint)len);
}

static void
on_paste_ended(MvmTransportEnd end, int status, const GError *error, void *data)
{
    Pb *pb = data;
    g_autoptr(GError) none = NULL;
    g_autoptr(GBytes) bytes = mvm_clip_bytes_copy(pb->pasted->data, pb->pasted->len);

    g_clear_pointer(&pb->paste, mvm_transport_free);
    watch_silence(pb);
    if (pb->pasted->len > 0)
        explicit_bzero(pb->pasted->data, pb->pasted->len);
    g_byte_array_unref(pb->pasted); /* an array never shrinks */
    pb->pasted = g_byte_array_new();
    if (end == MVM_TRANSPORT_DONE &&
        looks_like_text(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes))) {
        finish_paste(pb, bytes, NULL);
        return;
    }
    none = g_error_new_literal(MVM_ERROR, MVM_ERROR_NOT_FOUND,
                               "cannot take the guest's text: there is none");
    finish_paste(pb, NULL, error != NULL ? error : none);
}

static void
pb_fetch(MvmGuest *guest, uint32_t count, MvmClipType type)
{
    static const MvmTransportEvents events = {on_pasted, on_nothing_to_send, on_paste_ended};
    Pb *pb = (Pb *)guest;

    g_return_if_fail(type == MVM_CLIP_TEXT);
    if (pb->paste != NULL) {
        pb->again = true;
        pb->next = count;
        return;
    }
    pb->pasting = count;
    pb->paste = run(pb, paste_command, MVM_SSH_RIDER, &events, NULL);
    if (pb->paste == NULL) {
        mvm_guest_set_timer(guest, &pb->silence, 1, on_silence);
        return;
    }
    mvm_transport_close_input(pb->paste);
    watch_silence(pb);
}

static void
tell_change(Pb *pb)
{
    pb->base.events.changed(pb->count, MVM_CLIP_BIT(MVM_CLIP_TEXT), false, pb->base.data);
}

static gboolean
on_report(gpointer data)
{
    Pb *pb = data;

    mvm_guest_set_timer(&pb->base, &pb->report, 0, NULL);
    tell_change(pb);
    return G_SOURCE_REMOVE;
}

/* Whether it changed can only be told by reading it. */
static void
pb_report(MvmGuest *guest, uint32_t count)
{
    Pb *pb = (Pb *)guest;

    mvm_guest_set_timer(guest, &pb->report, 1, on_report);
}

static void
tell_ready(Pb *pb)
{
    MvmGuestHello hello = {
        .count = pb->count, .types = MVM_CLIP_BIT(MVM_CLIP_TEXT), .agent = "pbcopy"};

    pb->ready = true;
    watch_silence(pb);
    pb->base.events.ready(&hello, pb->base.data);
}

static gboolean
on_no_baseline(gpointer data)
{
    Pb *pb = data;

    mvm_guest_set_timer(&pb->base, &pb->silence, 0, NULL);
    tell_ready(pb);
    return G_SOURCE_REMOVE;
}

static void
on_frame(Pb *pb, const MvmFrame *frame)
{
    if (frame->type == 'H' && !pb->greeted) {
        pb->greeted = true;
        mvm_guest_set_timer(&pb->base, &pb->silence, BASELINE_MS, on_no_baseline);
    } else if (frame->type == 'b' && pb->greeted && !pb->ready) {
        pb->count = frame->meta;
        tell_ready(pb);
    } else if (frame->type == 'C' && pb->ready) {
        pb->count = frame->meta;
        tell_change(pb);
    }
}

static void
on_watch(const uint8_t *bytes, size_t len, void *data)
{
    Pb *pb = data;
    g_autoptr(GError) error = NULL;
    MvmFrameResult result = MVM_FRAME_READY;

    mvm_guest_ref(&pb->base);
    mvm_frame_reader_feed(pb->reader, bytes, len);
    while (!pb->base.freed && result == MVM_FRAME_READY) {
        g_auto(MvmFrame) frame = {0};

        result = mvm_frame_reader_next(pb->reader, &frame, &error);
        if (result == MVM_FRAME_READY)
            on_frame(pb, &frame);
    }
    if (!pb->base.freed && result == MVM_FRAME_BROKEN)
        mvm_guest_end(&pb->base, MVM_GUEST_LOST, error);
    mvm_guest_unref(&pb->base);
}

static void
on_watch_ended(MvmTransportEnd end, int status, const GError *error, void *data)
{
    Pb *pb = data;

    mvm_guest_end(&pb->base, mvm_guest_end_of(end, pb->ready), error);
}

static void
pb_free(MvmGuest *guest)
{
    Pb *pb = (Pb *)guest;

    mvm_guest_set_timer(guest, &pb->silence, 0, NULL);
    mvm_guest_set_timer(guest, &pb->report, 0, NULL);
    g_clear_pointer(&pb->copy, mvm_transport_free);
    g_clear_pointer(&pb->paste, mvm_transport_free);
    g_clear_pointer(&pb->watch, mvm_transport_free);
    mvm_frame_reader_free(pb->reader);
    g_byte_array_unref(pb->pasted);
}

MvmGuest *
mvm_guest_new_pbcopy(const MvmSshTarget *target, GMainContext *context,
                     const MvmGuestEvents *events, void *data, GError **error)
{
    static const MvmGuestClass klass = {pb_write, pb_cancel, pb_fetch, pb_report, pb_free};
    static const MvmTransportEvents watch_events = {on_watch, on_nothing_to_send, on_watch_ended};
    Pb *pb = g_new0(Pb, 1);

    mvm_guest_init(&pb->base, &klass, target, context, events, data);
    pb->reader = mvm_frame_reader_new();
    pb->pasted = g_byte_array_new();
    pb->watch = run(pb, watch_command, MVM_SSH_MASTER, &watch_events, error);
    if (pb->watch == NULL) {
        mvm_guest_free(&pb->base);
        return NULL;
    }
    mvm_guest_set_timer(&pb->base, &pb->silence, MVM_GUEST_HELLO_MS, on_silence);
    return &pb->base;
}
