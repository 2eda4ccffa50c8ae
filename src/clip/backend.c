/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/backend-private.h"
#include "util/error.h"

#include <signal.h>
#include <string.h>

void
mvm_clip_timer_clear(GSource **timer)
{
    if (*timer == NULL)
        return;
    g_source_destroy(*timer);
    g_source_unref(*timer);
    *timer = NULL;
}

void
mvm_clip_timer_set(GSource **timer, GMainContext *context, unsigned ms, GSourceFunc func,
                   void *data)
{
    mvm_clip_timer_clear(timer);
    *timer = g_timeout_source_new(ms);
    g_source_set_priority(*timer, G_PRIORITY_DEFAULT);
    g_source_set_callback(*timer, func, data, NULL);
    g_source_attach(*timer, context);
}

void
mvm_clip_backend_init(MvmClipBackend *backend, const MvmClipBackendOps *ops, GMainContext *context,
                      const MvmClipCallbacks *callbacks, void *data)
{
    backend->ops = ops;
    backend->context = context;
    backend->callbacks = callbacks;
    backend->data = data;
}

void
mvm_clip_backend_clear(MvmClipBackend *backend)
{
    mvm_clip_timer_clear(&backend->coalesce);
    mvm_clip_timer_clear(&backend->lost);
    g_clear_error(&backend->loss);
    g_clear_pointer(&backend->reason, g_free);
}

static gboolean
coalesced(void *data)
{
    MvmClipBackend *backend = data;

    mvm_clip_timer_clear(&backend->coalesce);
    mvm_clip_backend_coalesce(backend, backend->settled);
    return G_SOURCE_REMOVE;
}

void
mvm_clip_backend_coalesce(MvmClipBackend *backend, void (*settled)(MvmClipBackend *backend))
{
    gint64 now = g_get_monotonic_time();
    gint64 left = backend->quiet_until - now;

    if (backend->coalesce != NULL)
        return;
    if (left > 0) {
        backend->settled = settled;
        mvm_clip_timer_set(&backend->coalesce, backend->context, (unsigned)((left + 999) / 1000),
                           coalesced, backend);
        return;
    }
    backend->quiet_until = now + MVM_CLIP_COALESCE_MS * G_TIME_SPAN_MILLISECOND;
    settled(backend);
}

static gboolean
tell_loss(void *data)
{
    MvmClipBackend *backend = data;

    mvm_clip_timer_clear(&backend->lost);
    if (backend->callbacks->lost != NULL) {
        g_autoptr(GError) error = g_error_copy(backend->loss);

        backend->callbacks->lost(backend, error, backend->data);
    }
    return G_SOURCE_REMOVE;
}

void
mvm_clip_backend_lose(MvmClipBackend *backend, GError *error)
{
    if (backend->loss != NULL) {
        g_error_free(error);
        return;
    }
    backend->loss = error;
    mvm_clip_timer_clear(&backend->coalesce);
    mvm_clip_timer_set(&backend->lost, backend->context, 0, tell_loss, backend);
}

/* A write to a reader or a server that went away must be an error, not the end of the process. */
static void
ignore_sigpipe(void)
{
    struct sigaction action;

    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

/* The display to use: what was given, else the variable; NULL when that is unset or empty. */
static const char *
display_name(const char *given, const char *variable)
{
    const char *name = given != NULL ? given : g_getenv(variable);

    return name != NULL && *name != '\0' ? name : NULL;
}

static MvmClipBackend *
no_display(const char *variable, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                "cannot open 'the clipboard': there is no display (%s is not set)", variable);
    mvm_error_set_hint(error, "run it within the desktop session, or set %s", variable);
    return NULL;
}

static MvmClipBackend *
open_forced(const MvmClipDisplay *display, GMainContext *context, const MvmClipCallbacks *callbacks,
            void *data, GError **error)
{
    const char *wayland = display_name(display->wayland, "WAYLAND_DISPLAY");
    const char *x11 = display_name(display->x11, "DISPLAY");
    const char *name = display->backend;
    MvmClipBackend *backend = NULL;

    if (strcmp(name, "x11") == 0) {
        backend = x11 != NULL ? mvm_clip_x11_new(x11, context, callbacks, data, error)
                              : no_display("DISPLAY", error);
    } else if (strcmp(name, "wayland-ext") == 0 || strcmp(name, "wayland-wlr") == 0) {
        backend = wayland != NULL
                      ? mvm_clip_wayland_new(wayland, name, context, callbacks, data, error)
                      : no_display("WAYLAND_DISPLAY", error);
    } else {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                    "cannot use the clipboard '%s': it is none of x11, wayland-ext, wayland-wlr",
                    name);
        mvm_error_set_hint(error, "without --backend the one that fits the session is chosen");
    }
    if (backend != NULL)
        backend->reason = g_strdup("it was asked for");
    return backend;
}

static MvmClipBackend *
open_best(const MvmClipDisplay *display, GMainContext *context, const MvmClipCallbacks *callbacks,
          void *data, GError **error)
{
    const char *wayland = display_name(display->wayland, "WAYLAND_DISPLAY");
    const char *x11 = display_name(display->x11, "DISPLAY");
    g_autoptr(GError) cause = NULL;
    MvmClipBackend *backend = NULL;

    if (wayland != NULL) {
        backend = mvm_clip_wayland_new(wayland, NULL, context, callbacks, data, &cause);
        if (backend != NULL) {
            backend->reason = g_strdup("the compositor offers it");
            return backend;
        }
        if (x11 == NULL) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return NULL;
        }
    }
    if (x11 == NULL)
        return no_display("WAYLAND_DISPLAY or DISPLAY", error);
    backend = mvm_clip_x11_new(x11, context, callbacks, data, error);
    if (backend != NULL)
        backend->reason = cause != NULL ? g_strdup(cause->message)
                                        : g_strdup("the session is not a Wayland session");
    return backend;
}

MvmClipBackend *
mvm_clip_backend_new(const MvmClipDisplay *display, GMainContext *context,
                     const MvmClipCallbacks *callbacks, void *data, GError **error)
{
    ignore_sigpipe();
    if (display->backend != NULL)
        return open_forced(display, context, callbacks, data, error);
    return open_best(display, context, callbacks, data, error);
}

void
mvm_clip_backend_free(MvmClipBackend *backend)
{
    if (backend != NULL)
        backend->ops->free(backend);
}

const char *
mvm_clip_backend_get_name(const MvmClipBackend *backend)
{
    return backend->ops->name;
}

const char *
mvm_clip_backend_get_reason(const MvmClipBackend *backend)
{
    return backend->reason;
}

bool
mvm_clip_backend_is_empty(const MvmClipBackend *backend)
{
    return backend->empty;
}

const MvmClipStats *
mvm_clip_backend_get_stats(const MvmClipBackend *backend)
{
    return &backend->stats;
}

void
mvm_clip_backend_read(MvmClipBackend *backend, uint64_t generation, MvmClipType type,
                      unsigned silence_ms, MvmClipReadFunc done, void *data)
{
    backend->ops->read(backend, generation, type, silence_ms, done, data);
}

uint64_t
mvm_clip_backend_own(MvmClipBackend *backend, MvmClipContent *content, MvmClipTypes promised)
{
    uint64_t own_id = ++backend->last_own_id;

    backend->ops->own(backend, own_id, content, promised);
    return own_id;
}

void
mvm_clip_backend_provide(MvmClipBackend *backend, uint64_t own_id, MvmClipType type, GBytes *bytes)
{
    backend->ops->provide(backend, own_id, type, bytes);
}

void
mvm_clip_backend_release(MvmClipBackend *backend)
{
    backend->ops->release(backend);
}

void
mvm_clip_backend_save(MvmClipBackend *backend, unsigned timeout_ms, MvmClipSavedFunc done,
                      void *data)
{
    backend->ops->save(backend, timeout_ms, done, data);
}
