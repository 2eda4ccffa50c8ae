/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/wayland-private.h"
#include "util/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#define PIECE ((size_t)64 * 1024)
#define PIPE_SIZE (1 << 20)
#define PIECES_MAX 16 /* read in one go, before others have their turn */

struct MvmWaylandReceipt {
    MvmClipWayland *wayland;
    MvmWaylandReceiveFunc done;
    MvmClipBuffer buffer;
    unsigned silence_ms;
    gint64 give_up; /* monotonic microseconds */
    int fd;         /* owned */
    GSource *source, *timer;
    struct wl_callback *sync;
};

void
mvm_wayland_receive_stop(MvmClipWayland *wayland)
{
    MvmWaylandReceipt *receipt = g_steal_pointer(&wayland->receipt);

    if (receipt == NULL)
        return;
    mvm_clip_timer_clear(&receipt->source);
    mvm_clip_timer_clear(&receipt->timer);
    g_clear_pointer(&receipt->sync, wl_callback_destroy);
    mvm_clip_buffer_clear(&receipt->buffer);
    close(receipt->fd);
    g_free(receipt);
}

static void
receipt_fail(MvmWaylandReceipt *receipt, const char *cause)
{
    MvmClipWayland *wayland = receipt->wayland;
    MvmWaylandReceiveFunc done = receipt->done;

    mvm_wayland_receive_stop(wayland);
    done(wayland, NULL,
         g_error_new(MVM_ERROR, MVM_ERROR_FAILED, "cannot read 'the clipboard': %s", cause));
}

static gboolean
silent(void *data)
{
    receipt_fail(data, "its owner does not answer");
    return G_SOURCE_REMOVE;
}

static void
extend(MvmWaylandReceipt *receipt)
{
    gint64 left = (receipt->give_up - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;
    unsigned ms = (unsigned)CLAMP(left, 0, (gint64)receipt->silence_ms);

    mvm_clip_timer_set(&receipt->timer, receipt->wayland->base.context, ms, silent, receipt);
}

/* The compositor has told everything that happened before the pipe's end. */
static void
synced(void *data, struct wl_callback *callback, uint32_t serial)
{
    MvmWaylandReceipt *receipt = data;
    MvmClipWayland *wayland = receipt->wayland;
    MvmWaylandReceiveFunc done = receipt->done;
    GBytes *bytes = mvm_clip_buffer_take(&receipt->buffer);

    mvm_wayland_receive_stop(wayland);
    done(wayland, bytes, NULL);
}

static const struct wl_callback_listener sync_listener = {.done = synced};

/* The pipe of an owner that was killed ends as any other; but then its selection ends too, which
 * fails this receipt. So what was read counts only after a round trip. */
static void
receipt_ended(MvmWaylandReceipt *receipt)
{
    mvm_clip_timer_clear(&receipt->source);
    receipt->sync = mvm_wayland_sync(receipt->wayland, &sync_listener, receipt);
}

static gboolean
receive(int fd, GIOCondition condition, void *data)
{
    MvmWaylandReceipt *receipt = data;
    char piece[PIECE];
    ssize_t got = 1;

    for (int i = 0; i < PIECES_MAX && got > 0; i++) {
        got = read(fd, piece, sizeof(piece));
        if (got > 0 && !mvm_clip_buffer_append(&receipt->buffer, piece, (size_t)got)) {
            explicit_bzero(piece, (size_t)got);
            receipt_fail(receipt, "it holds too much");
            return G_SOURCE_REMOVE;
        }
        if (got > 0)
            explicit_bzero(piece, (size_t)got);
    }
    if (got < 0 && errno != EAGAIN && errno != EINTR) {
        receipt_fail(receipt, g_strerror(errno));
        return G_SOURCE_REMOVE;
    }
    if (got == 0) {
        receipt_ended(receipt);
        return G_SOURCE_REMOVE;
    }
    extend(receipt);
    return G_SOURCE_CONTINUE;
}

bool
mvm_wayland_receive(MvmClipWayland *wayland, const char *name, size_t max, unsigned silence_ms,
                    MvmWaylandReceiveFunc done, GError **error)
{
    MvmWaylandReceipt *receipt = NULL;
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) < 0)
        return mvm_error_set_errno(error, "read", "the clipboard");
    /* Only our end: programs expect to wait in theirs. */
    g_unix_set_fd_nonblocking(fds[0], TRUE, NULL);
    fcntl(fds[0], F_SETPIPE_SZ, PIPE_SIZE); /* fewer turns for images; refused, it works as well */
    ext_data_control_offer_v1_receive(wayland->offer->proxy, name, fds[1]);
    close(fds[1]);
    receipt = g_new0(MvmWaylandReceipt, 1);
    receipt->wayland = wayland;
    receipt->done = done;
    receipt->silence_ms = silence_ms;
    receipt->give_up = g_get_monotonic_time() +
                       (gint64)silence_ms * MVM_CLIP_READ_TOTAL_FACTOR * G_TIME_SPAN_MILLISECOND;
    receipt->fd = fds[0];
    mvm_clip_buffer_init(&receipt->buffer, max);
    receipt->source = g_unix_fd_source_new(fds[0], G_IO_IN | G_IO_HUP | G_IO_ERR);
    g_source_set_callback(receipt->source, G_SOURCE_FUNC(receive), receipt, NULL);
    g_source_attach(receipt->source, wayland->base.context);
    wayland->receipt = receipt;
    extend(receipt);
    return true;
}
