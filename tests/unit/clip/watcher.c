/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "watcher.h"

typedef struct {
    void (*step)(void *data);
    void *data;
} Step;

static GArray *steps; /* of Step */

void
clip_step_add(void (*step)(void *data), void *data)
{
    Step added = {.step = step, .data = data};

    if (steps == NULL)
        steps = g_array_new(FALSE, FALSE, sizeof(Step));
    g_array_append_val(steps, added);
}

void
clip_step_remove(void *data)
{
    for (unsigned i = 0; i < steps->len; i++) {
        if (g_array_index(steps, Step, i).data == data) {
            g_array_remove_index(steps, i);
            break;
        }
    }
    if (steps->len == 0)
        g_clear_pointer(&steps, g_array_unref);
}

static gboolean
wake(void *data)
{
    return G_SOURCE_REMOVE;
}

void
clip_step(ClipWatcher *watcher)
{
    g_autoptr(GSource) timer = g_timeout_source_new(2);

    for (unsigned i = 0; steps != NULL && i < steps->len; i++) {
        Step step = g_array_index(steps, Step, i);

        step.step(step.data);
    }
    g_source_set_callback(timer, wake, NULL, NULL);
    g_source_attach(timer, watcher->context);
    g_main_context_iteration(watcher->context, TRUE);
    g_source_destroy(timer);
}

void
clip_watcher_idle(ClipWatcher *watcher, unsigned ms)
{
    gint64 end = g_get_monotonic_time() + ms * G_TIME_SPAN_MILLISECOND;

    while (g_get_monotonic_time() < end)
        clip_step(watcher);
}

static void
on_changed(MvmClipBackend *backend, const MvmClipOffer *offer, void *data)
{
    ClipWatcher *watcher = data;

    g_assert_cmpuint(offer->generation, >, watcher->offer.generation);
    watcher->offer = *offer;
    g_free(watcher->origin);
    watcher->origin = g_strdup(offer->origin);
    watcher->offer.origin = watcher->origin;
    watcher->changed++;
}

static void
on_owned(MvmClipBackend *backend, uint64_t own_id, void *data)
{
    ClipWatcher *watcher = data;

    watcher->own_id = own_id;
    watcher->owned++;
}

static void
keep_error(ClipWatcher *watcher, const GError *error)
{
    g_clear_error(&watcher->error);
    if (error != NULL)
        watcher->error = g_error_copy(error);
}

static void
on_disowned(MvmClipBackend *backend, uint64_t own_id, const GError *error, void *data)
{
    ClipWatcher *watcher = data;

    watcher->own_id = own_id;
    keep_error(watcher, error);
    watcher->disowned++;
}

static void
on_requested(MvmClipBackend *backend, uint64_t own_id, MvmClipType type, void *data)
{
    ClipWatcher *watcher = data;

    watcher->requested_id = own_id;
    watcher->requested_type = type;
    watcher->requested++;
    if (watcher->on_requested != NULL)
        watcher->on_requested(backend, own_id, type);
}

static void
on_lost(MvmClipBackend *backend, const GError *error, void *data)
{
    ClipWatcher *watcher = data;

    keep_error(watcher, error);
    watcher->lost++;
}

static const MvmClipCallbacks callbacks = {
    .changed = on_changed,
    .owned = on_owned,
    .disowned = on_disowned,
    .requested = on_requested,
    .lost = on_lost,
};

ClipWatcher *
clip_watcher_new(const MvmClipDisplay *display)
{
    ClipWatcher *watcher = g_new0(ClipWatcher, 1);
    g_autoptr(GError) error = NULL;

    watcher->context = g_main_context_new();
    watcher->backend = mvm_clip_backend_new(display, watcher->context, &callbacks, watcher, &error);
    g_assert_no_error(error);
    return watcher;
}

void
clip_watcher_free(ClipWatcher *watcher)
{
    mvm_clip_backend_free(watcher->backend);
    g_main_context_unref(watcher->context);
    g_clear_pointer(&watcher->bytes, g_bytes_unref);
    g_clear_error(&watcher->error);
    g_free(watcher->origin);
    g_free(watcher);
}

static void
on_read(MvmClipBackend *backend, MvmClipType type, GBytes *bytes, const GError *error, void *data)
{
    ClipWatcher *watcher = data;

    g_assert_true((bytes == NULL) == (error != NULL));
    g_clear_pointer(&watcher->bytes, g_bytes_unref);
    if (bytes != NULL)
        watcher->bytes = g_bytes_ref(bytes);
    keep_error(watcher, error);
    watcher->reads++;
}

void
clip_watcher_start_read(ClipWatcher *watcher, MvmClipType type, unsigned silence_ms)
{
    mvm_clip_backend_read(watcher->backend, watcher->offer.generation, type, silence_ms, on_read,
                          watcher);
}

GBytes *
clip_watcher_read(ClipWatcher *watcher, MvmClipType type)
{
    unsigned before = watcher->reads;

    clip_watcher_start_read(watcher, type, 30000);
    CLIP_WAIT(watcher, watcher->reads > before);
    return watcher->bytes;
}

uint64_t
clip_watcher_own(ClipWatcher *watcher, MvmClipType type, GBytes *bytes)
{
    g_autoptr(MvmClipContent) content = mvm_clip_content_new("test-origin", false);
    unsigned before = watcher->owned;
    uint64_t own_id = 0;

    g_assert_true(mvm_clip_content_set(content, type, bytes, NULL));
    own_id = mvm_clip_backend_own(watcher->backend, content, 0);
    CLIP_WAIT(watcher, watcher->owned > before);
    g_assert_cmpuint(watcher->own_id, ==, own_id);
    return own_id;
}

GBytes *
clip_random_bytes(size_t size, uint32_t seed)
{
    uint8_t *data = g_malloc(size + 1);
    uint32_t state = seed * 2654435761u + 1;

    for (size_t i = 0; i < size; i++) {
        state = state * 1664525u + 1013904223u;
        data[i] = (uint8_t)(state >> 24);
    }
    return g_bytes_new_take(data, size);
}

GBytes *
clip_ascii_bytes(size_t size)
{
    char *data = g_malloc(size + 1);

    for (size_t i = 0; i < size; i++)
        data[i] = i % 64 == 63 ? '\n' : (char)(' ' + (i * 7 + i / 64) % 95);
    return g_bytes_new_take(data, size);
}
