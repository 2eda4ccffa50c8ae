/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "compositor.h"

#include "ext-data-control-server.h"
#include "wlr-data-control-server.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <wayland-server.h>

#define WRITERS_MAX 8

/* The other client, writing to somebody who pastes. */
typedef struct {
    int fd; /* -1: unused */
    size_t sent;
} Writer;

struct ClipCompositor {
    struct wl_display *display;
    struct wl_global *seat;
    ClipCompositorFlags flags;
    char *dir, *socket;
    GThread *thread;
    gint stop;                  /* atomic */
    struct wl_resource *device; /* the backend's, or NULL */
    struct wl_resource *source; /* the backend's, that has the selection; or NULL */
    GPtrArray *source_names;    /* offered by the source that was created last */
    char **names;               /* of the other client; NULL: it has not the selection */
    GBytes *bytes;
    size_t stall_after;
    Writer writers[WRITERS_MAX];
};

/* Interfaces of the protocol that a resource speaks. */
static bool
is_ext(struct wl_resource *resource)
{
    return g_str_has_prefix(wl_resource_get_class(resource), "ext_");
}

static void
destroy(struct wl_client *client, struct wl_resource *resource)
{
    wl_resource_destroy(resource);
}

static void
offer_receive(struct wl_client *client, struct wl_resource *resource, const char *name, int fd)
{
    ClipCompositor *compositor = wl_resource_get_user_data(resource);

    /* The backend may read its own selection back. */
    if (compositor->names == NULL) {
        if (compositor->source != NULL)
            ext_data_control_source_v1_send_send(compositor->source, name, fd);
        close(fd);
        return;
    }
    g_assert_true(g_strv_contains((const char *const *)compositor->names, name));
    g_unix_set_fd_nonblocking(fd, TRUE, NULL);
    for (int i = 0; i < WRITERS_MAX; i++) {
        if (compositor->writers[i].fd < 0) {
            compositor->writers[i] = (Writer){.fd = fd};
            return;
        }
    }
    close(fd);
}

static const struct ext_data_control_offer_v1_interface offer_requests = {
    .receive = offer_receive,
    .destroy = destroy,
};

/* Tells the device of the selection as it is. */
static void
tell_selection(ClipCompositor *compositor)
{
    struct wl_resource *device = compositor->device, *offer = NULL;
    bool ours = compositor->names == NULL && compositor->source != NULL;

    if (device == NULL)
        return;
    if (ours || compositor->names != NULL) {
        offer = wl_resource_create(wl_resource_get_client(device),
                                   is_ext(device) ? &ext_data_control_offer_v1_interface
                                                  : &zwlr_data_control_offer_v1_interface,
                                   1, 0);
        wl_resource_set_implementation(offer, &offer_requests, compositor, NULL);
        ext_data_control_device_v1_send_data_offer(device, offer);
        for (unsigned i = 0; ours && i < compositor->source_names->len; i++)
            ext_data_control_offer_v1_send_offer(offer, compositor->source_names->pdata[i]);
        for (char **name = compositor->names; name != NULL && *name != NULL; name++)
            ext_data_control_offer_v1_send_offer(offer, *name);
    }
    ext_data_control_device_v1_send_selection(device, offer);
}

static void
replace_source(ClipCompositor *compositor, struct wl_resource *source)
{
    struct wl_resource *old = compositor->source;
    bool late = (compositor->flags & CLIP_COMPOSITOR_LATE_CANCEL) != 0;

    compositor->source = source;
    if (old != NULL && !late)
        ext_data_control_source_v1_send_cancelled(old);
    tell_selection(compositor);
    if (old != NULL && late)
        ext_data_control_source_v1_send_cancelled(old);
}

static void
set_selection(struct wl_client *client, struct wl_resource *resource, struct wl_resource *source)
{
    ClipCompositor *compositor = wl_resource_get_user_data(resource);

    g_clear_pointer(&compositor->names, g_strfreev);
    replace_source(compositor, source);
}

static void
set_primary_selection(struct wl_client *client, struct wl_resource *resource,
                      struct wl_resource *source)
{
    g_error("nobody asked for the primary selection");
}

static const struct ext_data_control_device_v1_interface device_requests = {
    .set_selection = set_selection,
    .destroy = destroy,
    .set_primary_selection = set_primary_selection,
};

static void
source_offer(struct wl_client *client, struct wl_resource *resource, const char *name)
{
    ClipCompositor *compositor = wl_resource_get_user_data(resource);

    g_assert_true(resource != compositor->source); /* a protocol error, once it is set */
    g_ptr_array_add(compositor->source_names, g_strdup(name));
}

static const struct ext_data_control_source_v1_interface source_requests = {
    .offer = source_offer,
    .destroy = destroy,
};

static void
source_gone(struct wl_resource *resource)
{
    ClipCompositor *compositor = wl_resource_get_user_data(resource);

    if (compositor->source != resource)
        return;
    compositor->source = NULL;
    tell_selection(compositor);
}

static void
device_gone(struct wl_resource *resource)
{
    ClipCompositor *compositor = wl_resource_get_user_data(resource);

    compositor->device = NULL;
}

static void
create_source(struct wl_client *client, struct wl_resource *resource, uint32_t id)
{
    ClipCompositor *compositor = wl_resource_get_user_data(resource);
    struct wl_resource *source =
        wl_resource_create(client,
                           is_ext(resource) ? &ext_data_control_source_v1_interface
                                            : &zwlr_data_control_source_v1_interface,
                           1, id);

    g_ptr_array_set_size(compositor->source_names, 0);
    wl_resource_set_implementation(source, &source_requests, compositor, source_gone);
}

static void
get_device(struct wl_client *client, struct wl_resource *resource, uint32_t id,
           struct wl_resource *seat)
{
    ClipCompositor *compositor = wl_resource_get_user_data(resource);

    compositor->device =
        wl_resource_create(client,
                           is_ext(resource) ? &ext_data_control_device_v1_interface
                                            : &zwlr_data_control_device_v1_interface,
                           wl_resource_get_version(resource), id);
    wl_resource_set_implementation(compositor->device, &device_requests, compositor, device_gone);
    tell_selection(compositor);
    if (is_ext(resource))
        ext_data_control_device_v1_send_primary_selection(compositor->device, NULL);
}

static const struct ext_data_control_manager_v1_interface manager_requests = {
    .create_data_source = create_source,
    .get_data_device = get_device,
    .destroy = destroy,
};

static void
bind_ext(struct wl_client *client, void *data, uint32_t version, uint32_t id)
{
    wl_resource_set_implementation(
        wl_resource_create(client, &ext_data_control_manager_v1_interface, (int)version, id),
        &manager_requests, data, NULL);
}

static void
bind_wlr(struct wl_client *client, void *data, uint32_t version, uint32_t id)
{
    wl_resource_set_implementation(
        wl_resource_create(client, &zwlr_data_control_manager_v1_interface, (int)version, id),
        &manager_requests, data, NULL);
}

static const struct wl_seat_interface seat_requests = {.release = destroy};

static void
bind_seat(struct wl_client *client, void *data, uint32_t version, uint32_t id)
{
    wl_resource_set_implementation(wl_resource_create(client, &wl_seat_interface, (int)version, id),
                                   &seat_requests, data, NULL);
}

static void
write_more(ClipCompositor *compositor, Writer *writer)
{
    size_t size = g_bytes_get_size(compositor->bytes);
    const char *data = g_bytes_get_data(compositor->bytes, NULL);
    size_t end = MIN(size, compositor->stall_after);
    ssize_t put = 1;

    while (writer->sent < end && put > 0) {
        put = write(writer->fd, data + writer->sent, end - writer->sent);
        if (put > 0)
            writer->sent += (size_t)put;
    }
    if (writer->sent == size || (put < 0 && errno != EAGAIN)) {
        close(writer->fd);
        writer->fd = -1;
    }
}

static void
compositor_step(void *data)
{
    ClipCompositor *compositor = data;

    wl_event_loop_dispatch(wl_display_get_event_loop(compositor->display), 0);
    wl_display_flush_clients(compositor->display);
    for (int i = 0; i < WRITERS_MAX; i++) {
        if (compositor->writers[i].fd >= 0)
            write_more(compositor, &compositor->writers[i]);
    }
}

static void *
turn(void *data)
{
    ClipCompositor *compositor = data;

    while (!g_atomic_int_get(&compositor->stop)) {
        compositor_step(compositor);
        g_usleep(500);
    }
    return NULL;
}

void
clip_compositor_begin_thread(ClipCompositor *compositor)
{
    compositor->stop = 0;
    compositor->thread = g_thread_new("compositor", turn, compositor);
}

void
clip_compositor_end_thread(ClipCompositor *compositor)
{
    g_atomic_int_set(&compositor->stop, 1);
    g_thread_join(g_steal_pointer(&compositor->thread));
}

/* A socket at a path of its own: libwayland makes them in XDG_RUNTIME_DIR only. */
static int
listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpuint(g_strlcpy(address.sun_path, path, sizeof(address.sun_path)), <,
                     sizeof(address.sun_path));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    g_assert_cmpint(listen(fd, 8), ==, 0);
    return fd;
}

ClipCompositor *
clip_compositor_new(ClipCompositorFlags flags)
{
    ClipCompositor *compositor = g_new0(ClipCompositor, 1);
    int wlr_version = (flags & CLIP_COMPOSITOR_WLR_1) != 0 ? 1 : 2;

    compositor->flags = flags;
    compositor->display = wl_display_create();
    compositor->dir = g_dir_make_tmp("macvm-wayland-XXXXXX", NULL);
    compositor->socket = g_build_filename(compositor->dir, "wayland-0", NULL);
    compositor->source_names = g_ptr_array_new_with_free_func(g_free);
    compositor->stall_after = SIZE_MAX;
    for (int i = 0; i < WRITERS_MAX; i++)
        compositor->writers[i].fd = -1;
    wl_display_add_socket_fd(compositor->display, listen_at(compositor->socket));
    if ((flags & CLIP_COMPOSITOR_WLR) != 0)
        wl_global_create(compositor->display, &zwlr_data_control_manager_v1_interface, wlr_version,
                         compositor, bind_wlr);
    if ((flags & CLIP_COMPOSITOR_EXT) != 0)
        wl_global_create(compositor->display, &ext_data_control_manager_v1_interface, 1, compositor,
                         bind_ext);
    if ((flags & CLIP_COMPOSITOR_NO_SEAT) == 0)
        compositor->seat =
            wl_global_create(compositor->display, &wl_seat_interface, 5, compositor, bind_seat);
    clip_step_add(compositor_step, compositor);
    return compositor;
}

void
clip_compositor_free(ClipCompositor *compositor)
{
    clip_step_remove(compositor);
    wl_display_destroy_clients(compositor->display);
    wl_display_destroy(compositor->display);
    for (int i = 0; i < WRITERS_MAX; i++) {
        if (compositor->writers[i].fd >= 0)
            close(compositor->writers[i].fd);
    }
    g_unlink(compositor->socket);
    g_rmdir(compositor->dir);
    g_free(compositor->socket);
    g_free(compositor->dir);
    g_ptr_array_unref(compositor->source_names);
    g_strfreev(compositor->names);
    g_clear_pointer(&compositor->bytes, g_bytes_unref);
    g_free(compositor);
}

bool
clip_compositor_is_bound(const ClipCompositor *compositor)
{
    return compositor->device != NULL;
}

const char *
clip_compositor_get_name(const ClipCompositor *compositor)
{
    return compositor->socket;
}

void
clip_compositor_own(ClipCompositor *compositor, const char *const *names, GBytes *bytes)
{
    g_strfreev(compositor->names);
    compositor->names = names[0] != NULL ? g_strdupv((char **)names) : NULL;
    g_clear_pointer(&compositor->bytes, g_bytes_unref);
    compositor->bytes = bytes != NULL ? g_bytes_ref(bytes) : NULL;
    replace_source(compositor, NULL);
}

void
clip_compositor_stall(ClipCompositor *compositor, size_t after)
{
    compositor->stall_after = after;
}

bool
clip_compositor_offers(const ClipCompositor *compositor, const char *name)
{
    return compositor->source != NULL &&
           g_ptr_array_find_with_equal_func(compositor->source_names, name, g_str_equal, NULL);
}

int
clip_compositor_paste(ClipCompositor *compositor, const char *name)
{
    int fds[2];

    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    g_unix_set_fd_nonblocking(fds[0], TRUE, NULL);
    ext_data_control_source_v1_send_send(compositor->source, name, fds[1]);
    close(fds[1]);
    return fds[0];
}

void
clip_compositor_remove_seat(ClipCompositor *compositor)
{
    wl_global_remove(compositor->seat);
}

void
clip_compositor_finish(ClipCompositor *compositor)
{
    ext_data_control_device_v1_send_finished(compositor->device);
}

void
clip_compositor_hang_up(ClipCompositor *compositor)
{
    wl_display_destroy_clients(compositor->display);
}
