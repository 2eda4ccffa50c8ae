/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the clipboard's backends share: a backend with everything it said, a main loop
 * that is turned until something is so, and display servers of the test's own. */
#pragma once

#include "clip/backend.h"

#include <glib.h>
#include <stdbool.h>

#define CLIP_DEADLINE_S 60

typedef struct {
    GMainContext *context;
    MvmClipBackend *backend;
    unsigned changed, owned, disowned, requested, lost, reads, saves; /* calls so far */
    MvmClipOffer offer;                                               /* the last */
    char *origin;                                                     /* of it */
    uint64_t own_id;                                                  /* owned or disowned last */
    uint64_t requested_id;
    MvmClipType requested_type;
    GBytes *bytes; /* of the last read, or NULL */
    GError *error; /* of the last read, disowned() or lost() */
    bool saved;
    void (*on_requested)(MvmClipBackend *backend, uint64_t own_id, MvmClipType type);
} ClipWatcher;

/* A backend that must come to be. */
ClipWatcher *clip_watcher_new(const MvmClipDisplay *display);
void clip_watcher_free(ClipWatcher *watcher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ClipWatcher, clip_watcher_free)

/* Turns the watcher's loop, and every peer's, once; sleeps for a few milliseconds at most. */
void clip_step(ClipWatcher *watcher);

/* Has step(data) called in each clip_step(). */
void clip_step_add(void (*step)(void *data), void *data);
void clip_step_remove(void *data);

#define CLIP_WAIT(watcher, condition)                                                              \
    do {                                                                                           \
        gint64 clip_end = g_get_monotonic_time() + CLIP_DEADLINE_S * G_TIME_SPAN_SECOND;           \
        while (!(condition)) {                                                                     \
            if (g_get_monotonic_time() > clip_end)                                                 \
                g_error("waited in vain for %s (line %d)", #condition, __LINE__);                  \
            clip_step(watcher);                                                                    \
        }                                                                                          \
    } while (0)

/* Turns the loop for ms milliseconds: to see that nothing happens. */
void clip_watcher_idle(ClipWatcher *watcher, unsigned ms);

/* Reads type of the last offer and waits. The bytes (borrowed), or NULL with watcher->error. */
GBytes *clip_watcher_read(ClipWatcher *watcher, MvmClipType type);

/* Begins the same with that silence, and does not wait: watcher->reads counts it. */
void clip_watcher_start_read(ClipWatcher *watcher, MvmClipType type, unsigned silence_ms);

/* Owns the clipboard with one type, from "test-origin", and waits for the confirmation. */
uint64_t clip_watcher_own(ClipWatcher *watcher, MvmClipType type, GBytes *bytes);

/* size bytes that differ for each seed, and are neither text nor compressible. */
GBytes *clip_random_bytes(size_t size, uint32_t seed);

/* size bytes of ASCII. */
GBytes *clip_ascii_bytes(size_t size);

/* Starts argv with those variables added ("NAME=value", NULL-terminated); it ends with the test. */
GPid clip_spawn(const char *const *argv, const char *const *variables, int *ret_stdin);

/* Ends a child by signal and reaps it. */
void clip_kill(GPid pid, int sig);

/* Runs argv with stdin from input (may be NULL) while the watcher's loop turns. Returns its stdout,
 * and fails the test when it does not exit with 0 within the deadline. */
GBytes *clip_run(ClipWatcher *watcher, const char *const *argv, const char *const *variables,
                 GBytes *input);

/* The number of open descriptors of this process. */
unsigned clip_count_fds(void);

/* A server of the test's own: skips the test (and returns NULL) when the program is missing. */
typedef struct {
    GPid pid;
    char *name;     /* for DISPLAY, or an absolute path for WAYLAND_DISPLAY */
    char *variable; /* "DISPLAY=…" or "WAYLAND_DISPLAY=…" */
    char *dir;      /* a temporary directory, or NULL */
} ClipServer;

ClipServer *clip_xvfb_new(void);
ClipServer *clip_sway_new(void);
void clip_server_free(ClipServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ClipServer, clip_server_free)

/* Skips the test, and tells so by returning false, when program is missing. */
bool clip_need(const char *program);
