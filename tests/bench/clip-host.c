/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long a copy on the host takes to reach us, data included: from the moment at which another
 * process begins to take the clipboard to the callback with the bytes. That process uses macvm's
 * own backend as owner. Under Xvfb, and under a headless sway.
 */
#include "../unit/clip/watcher.h"

#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define COPIES 200

/* In memory that both processes share. */
typedef struct {
    gint64 begun; /* monotonic microseconds: when the last copy began */
} Shared;

typedef struct {
    ClipWatcher *watcher;
    Shared *shared;
    GBytes *bytes;
} Owner;

static gboolean
copy(int fd, GIOCondition condition, void *data)
{
    Owner *owner = data;
    g_autoptr(MvmClipContent) content = mvm_clip_content_new(NULL, false);
    char order = 0;

    if (read(fd, &order, 1) != 1)
        _exit(0);
    g_assert_true(mvm_clip_content_set(content, MVM_CLIP_TEXT, owner->bytes, NULL));
    owner->shared->begun = g_get_monotonic_time();
    mvm_clip_backend_own(owner->watcher->backend, content, 0);
    return G_SOURCE_CONTINUE;
}

/* The other process: copies once for each byte that comes in. */
static void
be_owner(const MvmClipDisplay *display, Shared *shared, size_t size, int orders)
{
    Owner owner = {
        .watcher = clip_watcher_new(display), .shared = shared, .bytes = clip_ascii_bytes(size)};
    g_autoptr(GSource) source = g_unix_fd_source_new(orders, G_IO_IN | G_IO_HUP);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    g_source_set_callback(source, G_SOURCE_FUNC(copy), &owner, NULL);
    g_source_attach(source, owner.watcher->context);
    for (;;)
        g_main_context_iteration(owner.watcher->context, TRUE);
}

static int
compare(const void *a, const void *b)
{
    const gint64 *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void
measure(const MvmClipDisplay *display, size_t size)
{
    Shared *shared =
        mmap(NULL, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_autoptr(ClipWatcher) watcher = NULL;
    gint64 took[COPIES];
    int orders[2];

    g_assert_true(shared != MAP_FAILED);
    g_assert_cmpint(pipe(orders), ==, 0);
    if (fork() == 0) {
        close(orders[1]);
        be_owner(display, shared, size, orders[0]);
    }
    close(orders[0]);
    watcher = clip_watcher_new(display);
    clip_watcher_idle(watcher, 300);
    for (int i = 0; i < COPIES; i++) {
        unsigned changed = watcher->changed, reads = watcher->reads;

        clip_watcher_idle(watcher, 2 * MVM_CLIP_COALESCE_MS);
        g_assert_cmpint(write(orders[1], "c", 1), ==, 1);
        CLIP_WAIT(watcher, watcher->changed > changed);
        clip_watcher_start_read(watcher, MVM_CLIP_TEXT, 0);
        CLIP_WAIT(watcher, watcher->reads > reads);
        took[i] = g_get_monotonic_time() - shared->begun;
        g_assert_cmpuint(g_bytes_get_size(watcher->bytes), ==, size);
    }
    qsort(took, COPIES, sizeof(took[0]), compare);
    printf("%-12s %8zu bytes: median %6.2f ms, p95 %6.2f ms (n=%d)\n",
           mvm_clip_backend_get_name(watcher->backend), size, (double)took[COPIES / 2] / 1000,
           (double)took[COPIES * 95 / 100] / 1000, COPIES);
    close(orders[1]);
    munmap(shared, sizeof(*shared));
}

int
main(int argc, char **argv)
{
    const size_t sizes[] = {64, (size_t)1 << 20};
    g_autoptr(ClipServer) xvfb = NULL, sway = NULL;

    g_test_init(&argc, &argv, NULL);
    xvfb = clip_xvfb_new();
    sway = clip_sway_new();
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        if (xvfb != NULL)
            measure(&(MvmClipDisplay){.wayland = "", .x11 = xvfb->name}, sizes[i]);
        if (sway != NULL)
            measure(&(MvmClipDisplay){.wayland = sway->name, .x11 = ""}, sizes[i]);
    }
    return 0;
}
