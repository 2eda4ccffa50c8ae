/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/wayland-private.h"
#include "util/error.h"
#include "wlr-data-control-client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define CONNECT_MS 3000

#define SAME(message)                                                                              \
    _Static_assert(EXT_DATA_CONTROL_##message == ZWLR_DATA_CONTROL_##message, #message)
SAME(MANAGER_V1_CREATE_DATA_SOURCE);
SAME(MANAGER_V1_GET_DATA_DEVICE);
SAME(MANAGER_V1_DESTROY);
SAME(DEVICE_V1_SET_SELECTION);
SAME(DEVICE_V1_DESTROY);
SAME(SOURCE_V1_OFFER);
SAME(SOURCE_V1_DESTROY);
SAME(OFFER_V1_RECEIVE);
SAME(OFFER_V1_DESTROY);

typedef struct {
    GSource base;
    MvmClipWayland *wayland; /* borrowed: it destroys the source before itself */
    void *tag;
    bool reading; /* wl_display_prepare_read() was called */
} Loop;

static void wayland_free(MvmClipBackend *backend);

static void
wayland_read(MvmClipBackend *backend, uint64_t generation, MvmClipType type, unsigned silence_ms,
             MvmClipReadFunc done, void *data)
{
    mvm_clip_reads_push(&((MvmClipWayland *)backend)->reads, generation, type, silence_ms, done,
                        data);
}

#define OPS(protocol_name)                                                                         \
    {                                                                                              \
        .name = protocol_name, .free = wayland_free, .read = wayland_read, .own = mvm_wayland_own, \
        .provide = mvm_wayland_provide, .release = mvm_wayland_release, .save = mvm_wayland_save,  \
    }

static const MvmClipBackendOps ext_ops = OPS("wayland-ext");
static const MvmClipBackendOps wlr_ops = OPS("wayland-wlr");

static const MvmWaylandProtocol ext_protocol = {
    .ops = &ext_ops,
    .manager = &ext_data_control_manager_v1_interface,
    .device = &ext_data_control_device_v1_interface,
    .source = &ext_data_control_source_v1_interface,
};

static const MvmWaylandProtocol wlr_protocol = {
    .ops = &wlr_ops,
    .manager = &zwlr_data_control_manager_v1_interface,
    .device = &zwlr_data_control_device_v1_interface,
    .source = &zwlr_data_control_source_v1_interface,
};

void
mvm_wayland_lose(MvmClipWayland *wayland, const char *cause)
{
    mvm_clip_reads_cancel(&wayland->reads);
    mvm_clip_backend_lose(&wayland->base, g_error_new(MVM_ERROR, MVM_ERROR_HOST,
                                                      "cannot use 'the clipboard': %s", cause));
}

static gboolean
loop_prepare(GSource *base, int *timeout)
{
    Loop *loop = (Loop *)base;
    struct wl_display *display = loop->wayland->display;
    GIOCondition events = G_IO_IN | G_IO_HUP | G_IO_ERR;

    *timeout = -1;
    if (!loop->reading && wl_display_prepare_read(display) != 0)
        return TRUE;
    /* From here on until there is something to read, however many iterations that takes. */
    loop->reading = true;
    if (wl_display_flush(display) < 0 && errno == EAGAIN)
        events |= G_IO_OUT;
    g_source_modify_unix_fd(base, loop->tag, events);
    return FALSE;
}

static gboolean
loop_check(GSource *base)
{
    Loop *loop = (Loop *)base;
    GIOCondition ready = g_source_query_unix_fd(base, loop->tag);

    if (!loop->reading)
        return TRUE;
    if (ready == 0)
        return FALSE;
    loop->reading = false;
    wl_display_read_events(loop->wayland->display);
    return TRUE;
}

static gboolean
loop_dispatch(GSource *base, GSourceFunc func, void *data)
{
    MvmClipWayland *wayland = ((Loop *)base)->wayland;

    if (wl_display_dispatch_pending(wayland->display) >= 0)
        return G_SOURCE_CONTINUE;
    mvm_wayland_lose(wayland, "the compositor is gone");
    return G_SOURCE_REMOVE;
}

static GSourceFuncs loop_funcs = {
    .prepare = loop_prepare,
    .check = loop_check,
    .dispatch = loop_dispatch,
};

static void
attach_loop(MvmClipWayland *wayland)
{
    Loop *loop = NULL;

    wayland->loop = g_source_new(&loop_funcs, sizeof(Loop));
    loop = (Loop *)wayland->loop;
    loop->wayland = wayland;
    loop->tag = g_source_add_unix_fd(wayland->loop, wl_display_get_fd(wayland->display), G_IO_IN);
    g_source_attach(wayland->loop, wayland->base.context);
}

static void
detach_loop(MvmClipWayland *wayland)
{
    if (wayland->loop == NULL)
        return;
    if (((Loop *)wayland->loop)->reading)
        wl_display_cancel_read(wayland->display);
    g_source_destroy(wayland->loop);
    g_source_unref(wayland->loop);
}

struct wl_callback *
mvm_wayland_sync(MvmClipWayland *wayland, const struct wl_callback_listener *listener, void *data)
{
    struct wl_callback *callback = wl_display_sync(wayland->display);

    wl_callback_add_listener(callback, listener, data);
    return callback;
}

static void
global_added(void *data, struct wl_registry *registry, uint32_t name, const char *interface,
             uint32_t version)
{
    MvmClipWayland *wayland = data;
    MvmWaylandGlobal *global = NULL;

    if (strcmp(interface, ext_data_control_manager_v1_interface.name) == 0)
        global = &wayland->ext_global;
    else if (strcmp(interface, zwlr_data_control_manager_v1_interface.name) == 0)
        global = &wayland->wlr_global;
    else if (strcmp(interface, wl_seat_interface.name) == 0)
        global = &wayland->seat_global;
    if (global != NULL && global->name == 0)
        *global = (MvmWaylandGlobal){.name = name, .version = version};
}

static void
global_removed(void *data, struct wl_registry *registry, uint32_t name)
{
    MvmClipWayland *wayland = data;

    if (name == wayland->seat_global.name)
        mvm_wayland_lose(wayland, "the compositor took the seat away");
}

static const struct wl_registry_listener registry_listener = {
    .global = global_added,
    .global_remove = global_removed,
};

static void
round_done(void *data, struct wl_callback *callback, uint32_t serial)
{
    *(bool *)data = true;
}

static const struct wl_callback_listener round_listener = {.done = round_done};

/* One step of waiting for the compositor: false when it is gone or too slow. */
static bool
wait_step(struct wl_display *display, gint64 deadline)
{
    struct pollfd fd = {.fd = wl_display_get_fd(display), .events = POLLIN};
    gint64 left = (deadline - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;

    if (wl_display_prepare_read(display) != 0)
        return wl_display_dispatch_pending(display) >= 0;
    wl_display_flush(display);
    if (left <= 0 || poll(&fd, 1, (int)left) <= 0) {
        wl_display_cancel_read(display);
        return false;
    }
    return wl_display_read_events(display) == 0 && wl_display_dispatch_pending(display) >= 0;
}

/* Waits, at creation only, until the compositor has told its globals. */
static bool
list_globals(MvmClipWayland *wayland)
{
    gint64 deadline = g_get_monotonic_time() + CONNECT_MS * G_TIME_SPAN_MILLISECOND;
    struct wl_callback *callback = NULL;
    bool done = false, alive = true;

    wayland->registry = wl_display_get_registry(wayland->display);
    wl_registry_add_listener(wayland->registry, &registry_listener, wayland);
    callback = mvm_wayland_sync(wayland, &round_listener, &done);
    while (alive && !done)
        alive = wait_step(wayland->display, deadline);
    wl_callback_destroy(callback);
    return done;
}

/* The best protocol that is offered and, unless protocol is NULL, has that name. */
static const MvmWaylandGlobal *
choose(MvmClipWayland *wayland, const char *protocol)
{
    bool ext = protocol == NULL || strcmp(protocol, ext_ops.name) == 0;
    bool wlr = protocol == NULL || strcmp(protocol, wlr_ops.name) == 0;

    if (ext && wayland->ext_global.name != 0) {
        wayland->protocol = &ext_protocol;
        return &wayland->ext_global;
    }
    if (wlr && wayland->wlr_global.name != 0) {
        wayland->protocol = &wlr_protocol;
        return &wayland->wlr_global;
    }
    return NULL;
}

/* Binds what the clipboard needs; NULL, or the reason why that cannot be. */
static const char *
bind_globals(MvmClipWayland *wayland, const char *protocol)
{
    const MvmWaylandGlobal *manager = NULL;
    const struct wl_interface *interface = NULL;

    if (!list_globals(wayland))
        return "it does not answer";
    manager = choose(wayland, protocol);
    if (manager == NULL)
        return protocol != NULL ? "it does not offer that protocol" : "it offers no data control";
    if (wayland->seat_global.name == 0)
        return "it has no seat";
    wayland->seat =
        wl_registry_bind(wayland->registry, wayland->seat_global.name, &wl_seat_interface, 1);
    interface = wayland->protocol->manager;
    wayland->manager = wl_registry_bind(wayland->registry, manager->name, interface,
                                        MIN(manager->version, (uint32_t)interface->version));
    return NULL;
}

static void
wayland_free(MvmClipBackend *backend)
{
    MvmClipWayland *wayland = (MvmClipWayland *)backend;

    mvm_wayland_watch_end(wayland);
    mvm_wayland_own_end(wayland);
    detach_loop(wayland);
    g_clear_pointer(&wayland->device, ext_data_control_device_v1_destroy);
    g_clear_pointer(&wayland->manager, ext_data_control_manager_v1_destroy);
    g_clear_pointer(&wayland->seat, wl_seat_destroy);
    g_clear_pointer(&wayland->registry, wl_registry_destroy);
    wl_display_flush(wayland->display);
    wl_display_disconnect(wayland->display);
    mvm_clip_backend_clear(backend);
    g_free(wayland);
}

MvmClipBackend *
mvm_clip_wayland_new(const char *display, const char *protocol, GMainContext *context,
                     const MvmClipCallbacks *callbacks, void *data, GError **error)
{
    struct wl_display *connection = wl_display_connect(display);
    MvmClipWayland *wayland = NULL;
    const char *cause = NULL;

    if (connection == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                    "cannot use 'the compositor of %s' for the clipboard: %s", display,
                    g_strerror(errno));
        mvm_error_set_hint(error, "are WAYLAND_DISPLAY and XDG_RUNTIME_DIR those of the session?");
        return NULL;
    }
    wayland = g_new0(MvmClipWayland, 1);
    mvm_clip_backend_init(&wayland->base, &ext_ops, context, callbacks, data);
    wayland->display = connection;
    mvm_wayland_watch_init(wayland);
    mvm_wayland_own_init(wayland);
    cause = bind_globals(wayland, protocol);
    if (cause != NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                    "cannot use 'the compositor of %s' for the clipboard: %s", display, cause);
        wayland_free(&wayland->base);
        return NULL;
    }
    wayland->base.ops = wayland->protocol->ops;
    mvm_wayland_watch_begin(wayland);
    attach_loop(wayland);
    return &wayland->base;
}
