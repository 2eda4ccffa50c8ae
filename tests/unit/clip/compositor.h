/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A Wayland compositor that has nothing but a clipboard: for what sway of the day lacks
 * (ext-data-control-v1), and for what a true one does not do on demand. Turned by clip_step(). */
#pragma once

#include "watcher.h"

typedef struct ClipCompositor ClipCompositor;

typedef enum {
    CLIP_COMPOSITOR_EXT = 1,
    CLIP_COMPOSITOR_WLR = 2,
    CLIP_COMPOSITOR_NO_SEAT = 4,
    CLIP_COMPOSITOR_LATE_CANCEL = 8, /* tells the new selection before it cancels the old */
    CLIP_COMPOSITOR_WLR_1 = 16,      /* with WLR: version 1 */
} ClipCompositorFlags;

ClipCompositor *clip_compositor_new(ClipCompositorFlags flags);
void clip_compositor_free(ClipCompositor *compositor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ClipCompositor, clip_compositor_free)

/* The path of its socket: for WAYLAND_DISPLAY. */
const char *clip_compositor_get_name(const ClipCompositor *compositor);

/* Between these two a thread turns it: for a backend that is being created, and waits for it. */
void clip_compositor_begin_thread(ClipCompositor *compositor);
void clip_compositor_end_thread(ClipCompositor *compositor);

/* True when a backend has its device, and was told the selection. */
bool clip_compositor_is_bound(const ClipCompositor *compositor);

/* Another client of it owns the selection, offering names (NULL-terminated; none: it is cleared)
 * with bytes each. */
void clip_compositor_own(ClipCompositor *compositor, const char *const *names, GBytes *bytes);

/* That client writes no more than so many bytes to whoever pastes, and keeps the pipe open. */
void clip_compositor_stall(ClipCompositor *compositor, size_t after);

/* True when our backend's source has the selection, and offers name. */
bool clip_compositor_offers(const ClipCompositor *compositor, const char *name);

/* Pastes from our backend's source: the read end of a pipe, for the caller to close. */
int clip_compositor_paste(ClipCompositor *compositor, const char *name);

/* Withdraws the seat from the registry, or the device by "finished". */
void clip_compositor_remove_seat(ClipCompositor *compositor);
void clip_compositor_finish(ClipCompositor *compositor);

/* Disconnects every client. */
void clip_compositor_hang_up(ClipCompositor *compositor);
