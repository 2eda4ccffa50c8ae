/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/wayland-private.h"
#include "util/error.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#define JOBS_MAX 64

struct MvmWaylandSource {
    MvmClipWayland *wayland;
    struct ext_data_control_source_v1 *proxy;
    MvmClipHolding *holding;
    struct wl_callback *sync; /* until the compositor has taken it */
};

/* Writing to one reader. */
typedef struct {
    MvmClipWayland *wayland;
    int fd;        /* owned */
    GBytes *bytes; /* NULL while a promised type is waited for */
    size_t sent;
    GSource *source, *timer;
} Job;

static void
job_end(Job *job, bool served)
{
    MvmClipWayland *wayland = job->wayland;

    if (served)
        wayland->base.stats.served++;
    else
        wayland->base.stats.refused++;
    g_ptr_array_remove_fast(wayland->jobs, job);
    wayland->base.stats.transfers = wayland->jobs->len;
    mvm_clip_timer_clear(&job->source);
    mvm_clip_timer_clear(&job->timer);
    g_clear_pointer(&job->bytes, g_bytes_unref);
    close(job->fd);
    g_free(job);
}

static gboolean
silent(void *data)
{
    job_end(data, false);
    return G_SOURCE_REMOVE;
}

static void
extend(Job *job)
{
    mvm_clip_timer_set(&job->timer, job->wayland->base.context, MVM_CLIP_SERVE_SILENCE_MS, silent,
                       job);
}

static gboolean
send_more(int fd, GIOCondition condition, void *data)
{
    Job *job = data;
    size_t size = 0;
    const char *bytes = g_bytes_get_data(job->bytes, &size);
    ssize_t put = 0;

    if (job->sent < size)
        put = write(fd, bytes + job->sent, size - job->sent);
    if (put < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (put > 0)
        job->sent += (size_t)put;
    if (put < 0 || job->sent == size) {
        job_end(job, put >= 0);
        return G_SOURCE_REMOVE;
    }
    extend(job);
    return G_SOURCE_CONTINUE;
}

static void
give(void *waiter, GBytes *bytes)
{
    Job *job = waiter;

    if (bytes == NULL) {
        job_end(job, false);
        return;
    }
    job->bytes = g_bytes_ref(bytes);
    job->source = g_unix_fd_source_new(job->fd, G_IO_OUT | G_IO_HUP | G_IO_ERR);
    g_source_set_callback(job->source, G_SOURCE_FUNC(send_more), job, NULL);
    g_source_attach(job->source, job->wayland->base.context);
    extend(job);
}

static void
give_string(Job *job, const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

    give(job, bytes);
}

/* Somebody pastes: fd is ours now. */
static void
send_asked(void *data, struct ext_data_control_source_v1 *proxy, const char *name, int fd)
{
    MvmWaylandSource *source = data;
    MvmClipWayland *wayland = source->wayland;
    const MvmClipContent *content = mvm_clip_holding_get_content(source->holding);
    const char *origin = mvm_clip_content_get_origin(content);
    Job *job = g_new0(Job, 1);

    job->wayland = wayland;
    job->fd = fd;
    g_ptr_array_add(wayland->jobs, job);
    wayland->base.stats.transfers = wayland->jobs->len;
    if (wayland->jobs->len > JOBS_MAX || !g_unix_set_fd_nonblocking(fd, TRUE, NULL)) {
        job_end(job, false);
        return;
    }
    if (strcmp(name, MVM_CLIP_ORIGIN_FORMAT) == 0) {
        give_string(job, origin != NULL ? origin : "");
        return;
    }
    if (strcmp(name, MVM_CLIP_SECRET_FORMAT) == 0) {
        give_string(job, MVM_CLIP_SECRET_VALUE);
        return;
    }
    for (int i = 0; i < MVM_CLIP_FORMAT_COUNT; i++) {
        if (strcmp(name, mvm_clip_formats[i].name) == 0 &&
            mvm_clip_holding_offers(source->holding, i)) {
            mvm_clip_holding_ask(source->holding, i, give, job);
            return;
        }
    }
    job_end(job, false);
}

static void
source_free(MvmWaylandSource *source)
{
    g_clear_pointer(&source->sync, wl_callback_destroy);
    ext_data_control_source_v1_destroy(source->proxy);
    mvm_clip_holding_free(source->holding);
    g_free(source);
}

static void
source_cancelled(void *data, struct ext_data_control_source_v1 *proxy)
{
    MvmWaylandSource *source = data;
    MvmClipWayland *wayland = source->wayland;
    MvmClipBackend *backend = &wayland->base;
    uint64_t own_id = mvm_clip_holding_get_id(source->holding);
    bool current = source == wayland->source;

    if (current)
        wayland->source = NULL;
    g_ptr_array_remove_fast(wayland->sources, source);
    if (!current)
        return;
    mvm_wayland_watch_cancelled(wayland);
    backend->callbacks->disowned(backend, own_id, NULL, backend->data);
}

static const struct ext_data_control_source_v1_listener source_listener = {
    .send = send_asked,
    .cancelled = source_cancelled,
};

static void
offer_types(MvmWaylandSource *source)
{
    for (int i = 0; i < MVM_CLIP_FORMAT_COUNT; i++) {
        if (mvm_clip_holding_offers(source->holding, i))
            ext_data_control_source_v1_offer(source->proxy, mvm_clip_formats[i].name);
    }
    ext_data_control_source_v1_offer(source->proxy, MVM_CLIP_ORIGIN_FORMAT);
    if (mvm_clip_content_is_secret(mvm_clip_holding_get_content(source->holding)))
        ext_data_control_source_v1_offer(source->proxy, MVM_CLIP_SECRET_FORMAT);
}

static void
owned(void *data, struct wl_callback *callback, uint32_t serial)
{
    MvmWaylandSource *source = data;
    MvmClipBackend *backend = &source->wayland->base;

    g_clear_pointer(&source->sync, wl_callback_destroy);
    if (source == source->wayland->source)
        backend->callbacks->owned(backend, mvm_clip_holding_get_id(source->holding), backend->data);
}

static const struct wl_callback_listener owned_listener = {.done = owned};

void
mvm_wayland_own(MvmClipBackend *backend, uint64_t own_id, MvmClipContent *content,
                MvmClipTypes promised)
{
    MvmClipWayland *wayland = (MvmClipWayland *)backend;
    struct wl_proxy *manager = (struct wl_proxy *)wayland->manager;
    MvmWaylandSource *source = g_new0(MvmWaylandSource, 1);

    source->wayland = wayland;
    source->holding = mvm_clip_holding_new(backend, own_id, content, promised);
    source->proxy = (struct ext_data_control_source_v1 *)wl_proxy_marshal_flags(
        manager, EXT_DATA_CONTROL_MANAGER_V1_CREATE_DATA_SOURCE, wayland->protocol->source,
        wl_proxy_get_version(manager), 0, NULL);
    ext_data_control_source_v1_add_listener(source->proxy, &source_listener, source);
    offer_types(source);
    ext_data_control_device_v1_set_selection(wayland->device, source->proxy);
    source->sync = mvm_wayland_sync(wayland, &owned_listener, source);
    /* The one before it serves its readers until the compositor cancels it. */
    wayland->source = source;
    g_ptr_array_add(wayland->sources, source);
}

void
mvm_wayland_provide(MvmClipBackend *backend, uint64_t own_id, MvmClipType type, GBytes *bytes)
{
    MvmClipWayland *wayland = (MvmClipWayland *)backend;

    for (unsigned i = 0; i < wayland->sources->len; i++) {
        MvmWaylandSource *source = wayland->sources->pdata[i];

        if (mvm_clip_holding_get_id(source->holding) == own_id)
            mvm_clip_holding_provide(source->holding, type, bytes);
    }
}

void
mvm_wayland_release(MvmClipBackend *backend)
{
    MvmClipWayland *wayland = (MvmClipWayland *)backend;
    MvmWaylandSource *source = g_steal_pointer(&wayland->source);

    if (source == NULL)
        return;
    /* Destroying our source ends our selection and, unlike set_selection(NULL), never another's. */
    wayland->released = true;
    g_ptr_array_remove_fast(wayland->sources, source);
}

static gboolean
not_saved(void *data)
{
    MvmClipWayland *wayland = data;
    MvmClipSavedFunc done = g_steal_pointer(&wayland->saved);

    mvm_clip_timer_clear(&wayland->save_timer);
    done(&wayland->base, false, wayland->saved_data);
    return G_SOURCE_REMOVE;
}

void
mvm_wayland_save(MvmClipBackend *backend, unsigned timeout_ms, MvmClipSavedFunc done, void *data)
{
    MvmClipWayland *wayland = (MvmClipWayland *)backend;

    /* Wayland has no way to hand a selection over: clipboard managers take their copy at once. */
    g_return_if_fail(wayland->saved == NULL);
    wayland->saved = done;
    wayland->saved_data = data;
    mvm_clip_timer_set(&wayland->save_timer, backend->context, 0, not_saved, wayland);
}

void
mvm_wayland_own_init(MvmClipWayland *wayland)
{
    wayland->sources = g_ptr_array_new_with_free_func((GDestroyNotify)source_free);
    wayland->jobs = g_ptr_array_new();
}

void
mvm_wayland_own_end(MvmClipWayland *wayland)
{
    if (wayland->saved != NULL)
        not_saved(wayland);
    wayland->source = NULL;
    g_ptr_array_unref(wayland->sources);
    while (wayland->jobs->len > 0)
        job_end(wayland->jobs->pdata[0], false);
    g_ptr_array_unref(wayland->jobs);
}
