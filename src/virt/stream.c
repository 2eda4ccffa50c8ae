/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/stream.h"

#include "util/error.h"
#include "util/interrupt.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BUFFER_SIZE (1024 * 1024)

/* Milliseconds: between two looks at whether something moves, and for the end of a stream that is
 * given up. */
#define LOOK_INTERVAL 1000
#define ABORT_TIME 300

typedef enum { UPLOAD = 1, DOWNLOAD, SCREENSHOT, SEND, HOLE, RECEIVE, FINISH, ABORT, QUIT } Order;

static const char *const calls[] = {
    [UPLOAD] = "virStorageVolUpload",     [DOWNLOAD] = "virStorageVolDownload",
    [SCREENSHOT] = "virDomainScreenshot", [SEND] = "virStreamSend",
    [HOLE] = "virStreamSendHole",         [RECEIVE] = "virStreamRecv",
    [FINISH] = "virStreamFinish",         [ABORT] = "virStreamAbort",
};

/* What the thread uses; it has a reference. While an order is carried out it alone may touch this,
 * but for moved. */
typedef struct {
    GAsyncQueue *orders;
    int done; /* readable when an order was carried out */
    gint moved;
    virStreamPtr stream;
    virStorageVolPtr vol;
    virDomainPtr domain;
    uint64_t offset, len; /* of the volume; len also of a hole, either way */
    unsigned flags;
    char *mime; /* libvirt's */
    char *buffer;
    size_t used;
    int result;
    virErrorPtr error; /* of the result, if negative */
} Job;

struct MvmStream {
    Job *job;
    GThread *thread; /* NULL once it is left alone */
    char *what;
    MvmStreamProbe probe; /* NULL: none */
    void *opaque;
    Order pending; /* 0: none */
    bool open;
};

/* --- in the thread ---------------------------------------------------------------------------- */

static int
send_all(Job *job)
{
    size_t sent = 0;

    while (sent < job->used) {
        int n = virStreamSend(job->stream, job->buffer + sent, job->used - sent);

        if (n <= 0)
            return -1;
        sent += (size_t)n;
        g_atomic_int_inc(&job->moved);
    }
    return 0;
}

static int
receive(Job *job)
{
    bool sparse = (job->flags & VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM) != 0;
    long long hole = 0;
    int got = sparse ? virStreamRecvFlags(job->stream, job->buffer, BUFFER_SIZE,
                                          VIR_STREAM_RECV_STOP_AT_HOLE)
                     : virStreamRecv(job->stream, job->buffer, BUFFER_SIZE);

    job->used = got > 0 ? (size_t)got : 0;
    job->len = 0;
    if (got != -3)
        return got < 0 ? -1 : 0;
    if (virStreamRecvHole(job->stream, &hole, 0) < 0 || hole < 0)
        return -1;
    job->len = (uint64_t)hole;
    return 0;
}

static int
carry_out(Job *job, Order order)
{
    switch (order) {
    case UPLOAD:
        return virStorageVolUpload(job->vol, job->stream, job->offset, job->len, job->flags);
    case DOWNLOAD:
        return virStorageVolDownload(job->vol, job->stream, job->offset, job->len, job->flags);
    case SCREENSHOT:
        job->mime = virDomainScreenshot(job->domain, job->stream, 0, 0);
        return job->mime != NULL ? 0 : -1;
    case SEND:
        return send_all(job);
    case HOLE:
        return virStreamSendHole(job->stream, (long long)job->len, 0);
    case RECEIVE:
        return receive(job);
    case FINISH:
        return virStreamFinish(job->stream);
    default:
        return virStreamAbort(job->stream);
    }
}

static void
job_clear(void *data)
{
    Job *job = data;

    if (job->stream != NULL)
        virStreamFree(job->stream);
    mvm_virt_vol_free(job->vol);
    mvm_virt_domain_free(job->domain);
    g_clear_pointer(&job->error, virFreeError);
    g_async_queue_unref(job->orders);
    (void)close(job->done);
    free(job->mime);
    g_free(job->buffer);
}

static void *
work(void *data)
{
    Job *job = data;
    Order order = QUIT;

    while ((order = (Order)GPOINTER_TO_INT(g_async_queue_pop(job->orders))) != QUIT) {
        g_clear_pointer(&job->error, virFreeError);
        job->result = carry_out(job, order);
        if (job->result < 0)
            job->error = virSaveLastError();
        (void)eventfd_write(job->done, 1);
    }
    g_atomic_rc_box_release_full(job, job_clear);
    return NULL;
}

/* --- in the caller's -------------------------------------------------------------------------- */

static void
give(MvmStream *self, Order order)
{
    self->pending = order;
    g_async_queue_push(self->job->orders, GINT_TO_POINTER((int)order));
}

/* Waits for the pending order, at most ms, and no longer than until interrupt_fd is readable. */
static bool
is_done(MvmStream *self, int ms, int interrupt_fd)
{
    struct pollfd fds[] = {{.fd = self->job->done, .events = POLLIN},
                           {.fd = interrupt_fd, .events = POLLIN}};
    eventfd_t count = 0;

    if (poll(fds, G_N_ELEMENTS(fds), ms) < 0 || fds[0].revents == 0)
        return false;
    (void)eventfd_read(self->job->done, &count);
    self->pending = 0;
    return true;
}

/* The thread goes on by itself, and frees what it has when it comes to an end. */
static void
leave_alone(MvmStream *self)
{
    g_async_queue_push(self->job->orders, GINT_TO_POINTER(QUIT));
    g_clear_pointer(&self->thread, g_thread_unref);
    self->open = false;
}

static bool
give_up(MvmStream *self, GError **error)
{
    const char *call = calls[self->pending];

    leave_alone(self);
    if (mvm_interrupted()) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_CANCELLED, "interrupted: cannot %s", self->what);
        return false;
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                "cannot %s: libvirt's %s has made no progress for %d seconds", self->what, call,
                MVM_STREAM_SILENCE);
    mvm_error_set_hint(error, "check that the libvirt host, its disk and the link to it work, and "
                              "run the command again");
    return false;
}

/* Waits for what was ordered last, and fails if that failed. */
static bool
settle(MvmStream *self, GError **error)
{
    gint64 until = g_get_monotonic_time() + MVM_STREAM_SILENCE * G_TIME_SPAN_SECOND;
    MvmStreamState state = MVM_STREAM_RESTS;
    gint moved = g_atomic_int_get(&self->job->moved);
    virErrorPtr failed = NULL;

    while (self->pending != 0 && !is_done(self, LOOK_INTERVAL, mvm_interrupt_fd())) {
        gint now = g_atomic_int_get(&self->job->moved);

        if (!mvm_interrupted() && self->probe != NULL)
            state = self->probe(self->opaque);
        if (now != moved || state == MVM_STREAM_MOVES)
            until = g_get_monotonic_time() + MVM_STREAM_SILENCE * G_TIME_SPAN_SECOND;
        moved = now;
        if (mvm_interrupted() || state == MVM_STREAM_STOP || g_get_monotonic_time() >= until)
            return give_up(self, error);
    }
    if (self->job->result >= 0)
        return true;
    failed = self->job->error;
    mvm_virt_error_translate(error, self->what, failed != NULL ? failed->code : 0,
                             failed != NULL && failed->message != NULL ? failed->message
                                                                       : "unknown cause");
    return false;
}

static bool
call(MvmStream *self, Order order, GError **error)
{
    if (!settle(self, error))
        return false;
    give(self, order);
    return settle(self, error);
}

static MvmStream *
stream_open(virConnectPtr conn, Job *job, Order order, const char *what, GError **error)
{
    g_autoptr(MvmStream) self = g_new0(MvmStream, 1);

    self->job = job;
    self->what = g_strdup(what);
    job->orders = g_async_queue_new();
    job->buffer = g_malloc(BUFFER_SIZE);
    job->done = eventfd(0, EFD_CLOEXEC);
    job->stream = virStreamNew(conn, 0);
    if (job->done < 0 || job->stream == NULL) {
        (void)mvm_virt_set_error(error, "%s", what);
        return NULL;
    }
    self->thread = g_thread_new("macvm-stream", work, g_atomic_rc_box_acquire(job));
    if (!call(self, order, error))
        return NULL;
    self->open = true;
    return g_steal_pointer(&self);
}

static MvmStream *
open_volume(virStorageVolPtr vol, Job *range, Order order, const char *what, GError **error)
{
    Job *job = g_atomic_rc_box_dup(sizeof *job, range);

    (void)virStorageVolRef(vol);
    job->vol = vol;
    return stream_open(virStorageVolGetConnect(vol), job, order, what, error);
}

MvmStream *
mvm_stream_upload(virStorageVolPtr vol, uint64_t offset, uint64_t len, unsigned flags,
                  const char *what, GError **error)
{
    Job range = {.offset = offset, .len = len, .flags = flags};

    return open_volume(vol, &range, UPLOAD, what, error);
}

MvmStream *
mvm_stream_download(virStorageVolPtr vol, uint64_t offset, uint64_t len, unsigned flags,
                    const char *what, GError **error)
{
    Job range = {.offset = offset, .len = len, .flags = flags};

    return open_volume(vol, &range, DOWNLOAD, what, error);
}

MvmStream *
mvm_stream_screenshot(virDomainPtr domain, const char *what, char **ret_mime, GError **error)
{
    Job *job = g_atomic_rc_box_new0(Job);
    MvmStream *self = NULL;

    (void)virDomainRef(domain);
    job->domain = domain;
    self = stream_open(virDomainGetConnect(domain), job, SCREENSHOT, what, error);
    if (self != NULL)
        *ret_mime = g_strdup(job->mime);
    return self;
}

void
mvm_stream_set_probe(MvmStream *self, MvmStreamProbe probe, void *opaque)
{
    self->probe = probe;
    self->opaque = opaque;
}

bool
mvm_stream_send(MvmStream *self, const void *data, size_t len, GError **error)
{
    for (size_t at = 0; at < len; at += BUFFER_SIZE) {
        if (!settle(self, error))
            return false;
        self->job->used = MIN(len - at, BUFFER_SIZE);
        memcpy(self->job->buffer, (const char *)data + at, self->job->used);
        give(self, SEND);
    }
    return true;
}

bool
mvm_stream_send_hole(MvmStream *self, uint64_t len, GError **error)
{
    if (!settle(self, error))
        return false;
    self->job->len = len;
    give(self, HOLE);
    return true;
}

bool
mvm_stream_receive(MvmStream *self, const void **ret_data, uint64_t *ret_len, GError **error)
{
    if (!call(self, RECEIVE, error))
        return false;
    *ret_data = self->job->len > 0 ? NULL : self->job->buffer;
    *ret_len = self->job->len > 0 ? self->job->len : self->job->used;
    return true;
}

bool
mvm_stream_finish(MvmStream *self, GError **error)
{
    if (!call(self, FINISH, error))
        return false;
    self->open = false;
    return true;
}

void
mvm_stream_free(MvmStream *self)
{
    if (self == NULL)
        return;
    if (self->thread != NULL && self->pending != 0 && !is_done(self, ABORT_TIME, -1))
        leave_alone(self);
    if (self->open) {
        give(self, ABORT);
        if (!is_done(self, ABORT_TIME, -1))
            leave_alone(self);
    }
    if (self->thread != NULL) {
        g_async_queue_push(self->job->orders, GINT_TO_POINTER(QUIT));
        (void)g_thread_join(self->thread);
    }
    g_atomic_rc_box_release_full(self->job, job_clear);
    g_free(self->what);
    g_free(self);
}
