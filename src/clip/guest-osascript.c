/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest through the agent under osascript: frames (frame.h) over one ssh child.
 *
 * Reads and writes are pipelined: the agent answers in order. It does one thing at a time, so a
 * read that macOS holds up (it may ask its user for permission) holds up everything; that is
 * noticed by the silence timer, and the connection is given up so that the next one can go on
 * writing.
 */
#include "clip/frame.h"
#include "clip/guest-private.h"
#include "clip/guest-words.h"
#include "util/error.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/size.h"

#include <string.h>

#define SOURCE_MAX (256 * 1024) /* bytes of templates/guest-agent.js */
#define TICK_MS 100             /* an agent that cannot poll looks when it is asked */
/* What an agent may say: ours looks some thirty times a second, and reads before it looks again. */
#define UNASKED_MAX 200 /* frames a second that answer nothing */
#define REQUESTS_MAX 64 /* without an answer */

typedef struct {
    uint32_t count;
    MvmClipType type;
} Request;

typedef struct {
    MvmGuest base;
    MvmTransport *transport; /* owned */
    MvmFrameReader *reader;  /* owned */
    uint32_t seq;            /* of the next frame out */
    bool greeted;
    GQueue requests;         /* of Request, owned: F frames without an answer, in order */
    MvmContentWriter writer; /* what is being written, until A comes */
    GSource *silence, *tick; /* owned, or NULL */
    int64_t unasked_since;   /* monotonic; the second in which unasked counts */
    unsigned unasked;
} Agent;

/* No single quote, backslash or exclamation mark, so that every login shell agrees on it. */
#define BOOT_BEFORE                                                                                \
    "exec /bin/sh -c 'unset LC_ALL; LC_CTYPE=UTF-8; export LC_CTYPE; "                             \
    "exec osascript -l JavaScript -e \"$0\"' "                                                     \
    "'ObjC.import(\"Foundation\");(0,eval)($.NSString.alloc.initWithDataEncoding("                 \
    "$.NSFileHandle.fileHandleWithStandardInput.readDataOfLength("
#define BOOT_AFTER "),4).js)'"

static void
send(Agent *agent, GByteArray *frames)
{
    mvm_transport_send(agent->transport, frames->data, frames->len);
}

static void
send_one(Agent *agent, char type, uint32_t meta, const char *payload)
{
    g_autoptr(GByteArray) out = g_byte_array_new();

    mvm_frame_append(out, &agent->seq, type, meta, payload, payload != NULL ? strlen(payload) : 0);
    send(agent, out);
}

static void
fail(Agent *agent, MvmGuestEnd end, const char *cause)
{
    g_autofree char *what = mvm_ssh_target_format(agent->base.target);
    g_autoptr(GError) error = g_error_new(MVM_ERROR, MVM_ERROR_FAILED,
                                          "cannot use the clipboard of '%s': %s", what, cause);

    mvm_guest_end(&agent->base, end, error);
}

static gboolean
on_silence(gpointer data)
{
    Agent *agent = data;

    mvm_guest_set_timer(&agent->base, &agent->silence, 0, NULL);
    if (!agent->greeted)
        fail(agent, MVM_GUEST_SILENT, "osascript does not answer");
    else if (!g_queue_is_empty(&agent->requests))
        fail(agent, MVM_GUEST_BLOCKED, "reading it takes too long");
    else
        fail(agent, MVM_GUEST_LOST, "the agent does not answer");
    return G_SOURCE_REMOVE;
}

/* (Re)starts the wait for the agent's next word, or stops it when none is due. What is still in the
 * pipes takes time: a second for each MiB. */
static void
watch_silence(Agent *agent)
{
    unsigned ms = 0;

    if (!g_queue_is_empty(&agent->requests))
        ms = agent->writer.content != NULL ? MVM_GUEST_IMPATIENT_MS : MVM_GUEST_SILENCE_MS;
    else if (agent->writer.committed)
        ms = MVM_GUEST_SILENCE_MS +
             (unsigned)(mvm_clip_content_get_size(agent->writer.content) >> 20) * 1000;
    else if (agent->writer.content != NULL)
        ms = MVM_GUEST_SILENCE_MS;
    mvm_guest_set_timer(&agent->base, &agent->silence, ms, on_silence);
}

/* Sends chunks up to one pipe full; drained() asks for more. A short content is one write. */
static void
pump(Agent *agent, GByteArray *out)
{
    while (out->len < MVM_FRAME_CHUNK &&
           mvm_content_writer_append(&agent->writer, out, &agent->seq))
        ;
    send(agent, out);
    explicit_bzero(out->data, out->len);
    watch_silence(agent);
}

static bool
agent_write(MvmGuest *guest, MvmClipContent *content, GError **error)
{
    Agent *agent = (Agent *)guest;
    g_autoptr(GByteArray) out = g_byte_array_new();

    g_return_val_if_fail(agent->writer.content == NULL, false);
    mvm_content_writer_begin(&agent->writer, content, out, &agent->seq);
    pump(agent, out);
    return true;
}

static bool
agent_cancel(MvmGuest *guest)
{
    Agent *agent = (Agent *)guest;

    if (agent->writer.content == NULL || agent->writer.committed)
        return false;
    mvm_content_writer_clear(&agent->writer); /* the agent drops what it has at the next W */
    watch_silence(agent);
    return true;
}

/* The longest answer that is due decides how long a frame may be. */
static void
set_max(Agent *agent)
{
    size_t max = MVM_FRAME_PAYLOAD_MAX;

    for (GList *at = agent->requests.head; at != NULL; at = at->next)
        max = MAX(max, mvm_clip_type_max(((Request *)at->data)->type));
    mvm_frame_reader_set_max(agent->reader, max);
}

static void
agent_fetch(MvmGuest *guest, uint32_t count, MvmClipType type)
{
    Agent *agent = (Agent *)guest;
    Request *request = g_new(Request, 1);
    g_autofree char *payload =
        g_strdup_printf("%08x %s", (unsigned)mvm_clip_type_max(type), mvm_guest_type_name(type));

    *request = (Request){.count = count, .type = type};
    g_queue_push_tail(&agent->requests, request);
    set_max(agent);
    send_one(agent, 'F', count, payload);
    watch_silence(agent);
}

static void
agent_report(MvmGuest *guest, uint32_t count)
{
    send_one((Agent *)guest, 'K', count, NULL);
}

static gboolean
on_tick(gpointer data)
{
    send_one(data, 'P', 0, NULL);
    return G_SOURCE_CONTINUE;
}

static void
on_hello(Agent *agent, const MvmFrame *frame)
{
    MvmGuestHello hello = {0};
    bool polls = true;

    mvm_guest_parse_hello(frame, &hello, &polls);
    agent->greeted = true;
    watch_silence(agent);
    if (!polls)
        mvm_guest_set_timer(&agent->base, &agent->tick, TICK_MS, on_tick);
    agent->base.events.ready(&hello, agent->base.data);
}

static void
on_changed(Agent *agent, const MvmFrame *frame)
{
    MvmClipTypes types = 0;
    bool secret = mvm_guest_parse_changed(frame, &types);

    agent->base.events.changed(frame->meta, types, secret, agent->base.data);
}

static void
on_presence(Agent *agent, const MvmFrame *frame)
{
    MvmGuestHello hello = {0};
    bool polls = true;

    mvm_guest_parse_hello(frame, &hello, &polls);
    agent->base.events.presence(hello.absent, agent->base.data);
}

static GError *
fetch_error(const MvmFrame *frame, MvmClipType type)
{
    int code = MVM_ERROR_FAILED;
    const char *cause = "it is too long";

    if (mvm_frame_is(frame, "stale")) {
        code = MVM_ERROR_CONFLICT;
        cause = "it has changed";
    } else if (mvm_frame_is(frame, "missing")) {
        code = MVM_ERROR_NOT_FOUND;
        cause = "it is not there";
    }
    return g_error_new(MVM_ERROR, code, "cannot take '%s' from the guest: %s",
                       mvm_clip_type_media(type), cause);
}

/* Answers the oldest request: with the payload of a D frame, or with what an E frame says. */
static void
on_fetched(Agent *agent, const MvmFrame *frame)
{
    g_autofree Request *request = g_queue_pop_head(&agent->requests);
    g_autoptr(GError) error = NULL;
    GBytes *bytes = frame->type == 'D' ? frame->payload : NULL;

    if (request == NULL) {
        fail(agent, MVM_GUEST_LOST, "an answer that nobody asked for");
        return;
    }
    set_max(agent);
    watch_silence(agent);
    if (bytes == NULL)
        error = fetch_error(frame, request->type);
    else if (!mvm_guest_check_bytes(request->type, bytes, &error))
        bytes = NULL;
    agent->base.events.fetched(request->count, request->type, bytes, error, agent->base.data);
}

static void
on_written(Agent *agent, const MvmFrame *frame)
{
    if (!agent->writer.committed) {
        fail(agent, MVM_GUEST_LOST, "an answer that nobody asked for");
        return;
    }
    mvm_content_writer_clear(&agent->writer);
    watch_silence(agent);
    agent->base.events.written(frame->meta, mvm_frame_is(frame, "own"), agent->base.data);
}

/* A guest that floods us would keep us from everything else. */
static bool
is_too_much(Agent *agent, char type)
{
    int64_t now = g_get_monotonic_time();

    if (strchr("DEA", type) != NULL)
        return false;
    if (now - agent->unasked_since >= G_USEC_PER_SEC) {
        agent->unasked_since = now;
        agent->unasked = 0;
    }
    return ++agent->unasked > UNASKED_MAX || g_queue_get_length(&agent->requests) >= REQUESTS_MAX;
}

static void
on_frame(Agent *agent, const MvmFrame *frame)
{
    if (is_too_much(agent, frame->type)) {
        fail(agent, MVM_GUEST_LOST, "the agent says too much");
        return;
    }
    if (agent->greeted == (frame->type == 'H')) {
        fail(agent, MVM_GUEST_LOST, "the agent's words are out of order");
        return;
    }
    switch (frame->type) {
    case 'H':
        on_hello(agent, frame);
        break;
    case 'C':
        on_changed(agent, frame);
        break;
    case 'D':
    case 'E':
        on_fetched(agent, frame);
        break;
    case 'A':
        on_written(agent, frame);
        break;
    case 's':
        on_presence(agent, frame);
        break;
    default:
        if (g_ascii_isupper(frame->type))
            fail(agent, MVM_GUEST_LOST, "the agent speaks another protocol");
        break;
    }
}

static void
on_received(const uint8_t *bytes, size_t len, void *data)
{
    Agent *agent = data;
    g_autoptr(GError) error = NULL;
    MvmFrameResult result = MVM_FRAME_READY;

    mvm_guest_ref(&agent->base);
    mvm_frame_reader_feed(agent->reader, bytes, len);
    if (agent->silence != NULL && agent->greeted)
        watch_silence(agent);
    while (!agent->base.freed && result == MVM_FRAME_READY) {
        g_auto(MvmFrame) frame = {0};

        result = mvm_frame_reader_next(agent->reader, &frame, &error);
        if (result == MVM_FRAME_READY)
            on_frame(agent, &frame);
    }
    if (!agent->base.freed && result == MVM_FRAME_BROKEN)
        mvm_guest_end(&agent->base, agent->greeted ? MVM_GUEST_LOST : MVM_GUEST_SILENT, error);
    mvm_guest_unref(&agent->base);
}

static void
on_drained(void *data)
{
    Agent *agent = data;
    g_autoptr(GByteArray) out = g_byte_array_new();

    if (agent->writer.content != NULL && !agent->writer.committed)
        pump(agent, out);
    else if (agent->writer.committed)
        watch_silence(agent);
}

static void
on_ended(MvmTransportEnd end, int status, const GError *error, void *data)
{
    Agent *agent = data;

    mvm_guest_end(&agent->base, mvm_guest_end_of(end, agent->greeted), error);
}

static void
agent_free(MvmGuest *guest)
{
    Agent *agent = (Agent *)guest;

    mvm_guest_set_timer(guest, &agent->silence, 0, NULL);
    mvm_guest_set_timer(guest, &agent->tick, 0, NULL);
    g_clear_pointer(&agent->transport, mvm_transport_free);
    g_clear_pointer(&agent->reader, mvm_frame_reader_free);
    g_queue_clear_full(&agent->requests, g_free);
    mvm_content_writer_clear(&agent->writer);
}

/* The agent's text follows the command line on standard input; the frames follow the text. */
static bool
start(Agent *agent, const char *source, size_t len, GError **error)
{
    static const MvmTransportEvents events = {on_received, on_drained, on_ended};
    g_autofree char *command = g_strdup_printf(BOOT_BEFORE "%zu" BOOT_AFTER, len);
    g_autofree char *what = mvm_ssh_target_format(agent->base.target);
    g_auto(GStrv) argv = mvm_ssh_target_to_argv(agent->base.target, MVM_SSH_ALONE, command, error);

    if (argv == NULL)
        return false;
    agent->transport = mvm_transport_new((const char *const *)argv, what, agent->base.context,
                                         &events, agent, error);
    if (agent->transport == NULL)
        return false;
    mvm_transport_send(agent->transport, source, len);
    mvm_guest_set_timer(&agent->base, &agent->silence, MVM_GUEST_HELLO_MS, on_silence);
    return true;
}

MvmGuest *
mvm_guest_new_osascript(const MvmSshTarget *target, GMainContext *context,
                        const MvmGuestEvents *events, void *data, GError **error)
{
    static const MvmGuestClass klass = {agent_write, agent_cancel, agent_fetch, agent_report,
                                        agent_free};
    g_autofree char *path = mvm_path_find_data("templates/guest-agent.js", error);
    g_autofree char *source = NULL;
    size_t len = 0;
    Agent *agent = NULL;

    if (path == NULL || (source = mvm_file_read(path, SOURCE_MAX, &len, error)) == NULL)
        return NULL;
    agent = g_new0(Agent, 1);
    mvm_guest_init(&agent->base, &klass, target, context, events, data);
    agent->reader = mvm_frame_reader_new();
    if (!start(agent, source, len, error)) {
        mvm_guest_free(&agent->base);
        return NULL;
    }
    return &agent->base;
}
