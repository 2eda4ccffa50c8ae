/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/wayland-private.h"
#include "util/error.h"

#define OFFERS_MAX 64 /* a compositor keeps two: the selection and the primary one */

static void
offer_free(MvmWaylandOffer *offer)
{
    ext_data_control_offer_v1_destroy(offer->proxy);
    for (int i = 0; i < MVM_CLIP_FORMAT_COUNT; i++)
        g_free(offer->names[i]);
    g_free(offer->origin_name);
    g_free(offer);
}

static void
report(MvmClipWayland *wayland, const char *origin)
{
    MvmWaylandOffer *offer = wayland->offer;
    MvmClipOffer reported = {
        .generation = wayland->generation,
        .types = offer != NULL ? mvm_clip_choice_get_types(&offer->choice) : 0,
        .empty = offer == NULL,
        .initial = wayland->initial,
        .secret = (offer != NULL && offer->choice.secret) || wayland->secret_before,
        .origin = origin,
    };

    wayland->offered = true;
    wayland->secret_before = false;
    wayland->base.stats.reports++;
    wayland->base.callbacks->changed(&wayland->base, &reported, wayland->base.data);
}

static void
origin_read(MvmClipWayland *wayland, GBytes *bytes, GError *error)
{
    g_autofree char *origin = mvm_clip_origin_parse(bytes);

    g_clear_pointer(&bytes, g_bytes_unref);
    g_clear_error(&error);
    report(wayland, origin);
}

static void
settled(MvmClipBackend *backend)
{
    MvmClipWayland *wayland = (MvmClipWayland *)backend;
    MvmWaylandOffer *offer = wayland->offer;

    if (offer == NULL || offer->origin_name == NULL ||
        !mvm_wayland_receive(wayland, offer->origin_name, MVM_CLIP_ORIGIN_MAX,
                             MVM_CLIP_READ_SILENCE_MS, origin_read, NULL))
        report(wayland, NULL);
}

static void
mime_offered(void *data, struct ext_data_control_offer_v1 *proxy, const char *name)
{
    MvmWaylandOffer *offer = data;

    mvm_clip_choice_add_name(&offer->choice, name);
    for (int i = 0; i < MVM_CLIP_FORMAT_COUNT; i++) {
        if (offer->names[i] == NULL && g_ascii_strcasecmp(name, mvm_clip_formats[i].name) == 0)
            offer->names[i] = g_strdup(name);
    }
    if (offer->origin_name == NULL && g_ascii_strcasecmp(name, MVM_CLIP_ORIGIN_FORMAT) == 0)
        offer->origin_name = g_strdup(name);
}

static const struct ext_data_control_offer_v1_listener offer_listener = {.offer = mime_offered};

static void
offer_introduced(void *data, struct ext_data_control_device_v1 *device,
                 struct ext_data_control_offer_v1 *proxy)
{
    MvmClipWayland *wayland = data;
    MvmWaylandOffer *offer = NULL;

    if (wayland->offers->len >= OFFERS_MAX) {
        ext_data_control_offer_v1_destroy(proxy);
        return;
    }
    offer = g_new0(MvmWaylandOffer, 1);
    offer->wayland = wayland;
    offer->proxy = proxy;
    mvm_clip_choice_init(&offer->choice);
    g_ptr_array_add(wayland->offers, offer);
    ext_data_control_offer_v1_add_listener(proxy, &offer_listener, offer);
}

/* The struct of a proxy that the compositor names, or NULL. */
static MvmWaylandOffer *
offer_of(struct ext_data_control_offer_v1 *proxy)
{
    return proxy != NULL ? ext_data_control_offer_v1_get_user_data(proxy) : NULL;
}

/* The next generation: whatever was under way for the last one is of no more use. */
static void
advance(MvmClipWayland *wayland, MvmWaylandOffer *offer)
{
    if (!wayland->offered && wayland->offer != NULL && wayland->offer->choice.secret)
        wayland->secret_before = true;
    wayland->generation++;
    wayland->offered = false;
    mvm_clip_timer_clear(&wayland->base.coalesce);
    mvm_clip_reads_cancel(&wayland->reads);
    mvm_wayland_receive_stop(wayland);
    if (wayland->offer != NULL && wayland->offer != offer)
        g_ptr_array_remove_fast(wayland->offers, wayland->offer);
    wayland->offer = offer;
    wayland->base.empty = offer == NULL;
    wayland->initial = !wayland->seen;
    wayland->seen = true;
}

static void
selection_changed(void *data, struct ext_data_control_device_v1 *device,
                  struct ext_data_control_offer_v1 *proxy)
{
    MvmClipWayland *wayland = data;
    MvmWaylandOffer *offer = offer_of(proxy);
    bool released = wayland->released;

    wayland->released = false;
    advance(wayland, offer);
    /* Our own selection comes back to us. Every source of ours has the mark; another macvm's has it
     * too, but then ours is cancelled, before or after this. */
    wayland->echo = offer != NULL && offer->choice.origin && wayland->source != NULL;
    if (wayland->echo || (offer == NULL && (released || wayland->initial)))
        return;
    wayland->base.stats.changes++;
    mvm_clip_backend_coalesce(&wayland->base, settled);
}

static gboolean
no_echo(void *data)
{
    MvmClipWayland *wayland = data;

    mvm_clip_timer_clear(&wayland->base.coalesce);
    wayland->echo = false;
    wayland->base.stats.changes++;
    mvm_clip_backend_coalesce(&wayland->base, settled);
    return G_SOURCE_REMOVE;
}

void
mvm_wayland_watch_cancelled(MvmClipWayland *wayland)
{
    /* Usually the selection that replaces ours is told next. If it is not, it was told before, and
     * is the one that looked like our own. */
    if (wayland->echo)
        mvm_clip_timer_set(&wayland->base.coalesce, wayland->base.context, MVM_CLIP_COALESCE_MS,
                           no_echo, wayland);
}

static void
primary_changed(void *data, struct ext_data_control_device_v1 *device,
                struct ext_data_control_offer_v1 *proxy)
{
    MvmClipWayland *wayland = data;
    MvmWaylandOffer *offer = offer_of(proxy);

    if (offer != NULL)
        g_ptr_array_remove_fast(wayland->offers, offer);
}

static void
device_finished(void *data, struct ext_data_control_device_v1 *device)
{
    MvmClipWayland *wayland = data;

    mvm_wayland_lose(wayland, "the compositor ended its data control");
}

static const struct ext_data_control_device_v1_listener device_listener = {
    .data_offer = offer_introduced,
    .selection = selection_changed,
    .finished = device_finished,
    .primary_selection = primary_changed,
};

static void
read_done(MvmClipWayland *wayland, GBytes *bytes, GError *error)
{
    MvmClipType type = wayland->reads.active->type;

    mvm_clip_reads_finish(&wayland->reads, wayland->offer->choice.format[type], bytes, error);
}

static bool
read_start(MvmClipBackend *backend, const MvmClipRead *read, GError **error)
{
    MvmClipWayland *wayland = (MvmClipWayland *)backend;
    int format = -1;

    if (read->generation != wayland->generation || !wayland->offered) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_CANCELLED,
                    "cannot read 'the clipboard': it changed meanwhile");
        return false;
    }
    if (wayland->offer != NULL)
        format = wayland->offer->choice.format[read->type];
    if (format < 0) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                    "cannot read '%s' from the clipboard: it is not offered",
                    mvm_clip_type_media(read->type));
        return false;
    }
    return mvm_wayland_receive(wayland, wayland->offer->names[format],
                               mvm_clip_type_max(read->type), read->silence_ms, read_done, error);
}

static void
read_stop(MvmClipBackend *backend)
{
    mvm_wayland_receive_stop((MvmClipWayland *)backend);
}

void
mvm_wayland_watch_init(MvmClipWayland *wayland)
{
    wayland->reads =
        (MvmClipReads){.backend = &wayland->base, .start = read_start, .stop = read_stop};
    wayland->offers = g_ptr_array_new_with_free_func((GDestroyNotify)offer_free);
}

void
mvm_wayland_watch_begin(MvmClipWayland *wayland)
{
    struct wl_proxy *manager = (struct wl_proxy *)wayland->manager;

    wayland->device = (struct ext_data_control_device_v1 *)wl_proxy_marshal_flags(
        manager, EXT_DATA_CONTROL_MANAGER_V1_GET_DATA_DEVICE, wayland->protocol->device,
        wl_proxy_get_version(manager), 0, NULL, wayland->seat);
    ext_data_control_device_v1_add_listener(wayland->device, &device_listener, wayland);
}

void
mvm_wayland_watch_end(MvmClipWayland *wayland)
{
    mvm_clip_reads_cancel(&wayland->reads);
    mvm_wayland_receive_stop(wayland);
    g_ptr_array_unref(wayland->offers);
}
