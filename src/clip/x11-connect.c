/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xcb_connect() waits for the server as long as that takes, which is for ever when the server
 * hangs. So it runs in a thread, which is left alone when it takes too long: it drops the
 * connection, should there ever be one.
 */
#include "clip/x11-private.h"

#define CONNECT_MS 4000
#define LEFT_MAX 4 /* threads that wait for a server that hangs */

typedef struct {
    gatomicrefcount refs; /* the caller's and the thread's */
    GMutex lock;
    GCond ended;
    char *display; /* owned */
    /* Under the lock. */
    xcb_connection_t *conn; /* owned; NULL until the server answered */
    int screen;
    bool left; /* by the caller */
} Attempt;

static int n_left; /* atomic */

static void
attempt_unref(Attempt *attempt)
{
    if (!g_atomic_ref_count_dec(&attempt->refs))
        return;
    if (attempt->conn != NULL)
        xcb_disconnect(attempt->conn);
    g_mutex_clear(&attempt->lock);
    g_cond_clear(&attempt->ended);
    g_free(attempt->display);
    g_free(attempt);
}

static gpointer
run(gpointer data)
{
    Attempt *attempt = data;
    int screen = 0;
    xcb_connection_t *conn = xcb_connect(attempt->display, &screen);

    g_mutex_lock(&attempt->lock);
    attempt->conn = conn;
    attempt->screen = screen;
    if (attempt->left)
        g_atomic_int_add(&n_left, -1);
    g_cond_signal(&attempt->ended);
    g_mutex_unlock(&attempt->lock);
    attempt_unref(attempt);
    return NULL;
}

static xcb_connection_t *
wait_for_end(Attempt *attempt, int *ret_screen)
{
    gint64 end = g_get_monotonic_time() + CONNECT_MS * G_TIME_SPAN_MILLISECOND;
    xcb_connection_t *conn = NULL;

    g_mutex_lock(&attempt->lock);
    while (attempt->conn == NULL && g_cond_wait_until(&attempt->ended, &attempt->lock, end))
        ;
    conn = g_steal_pointer(&attempt->conn);
    attempt->left = conn == NULL;
    if (attempt->left)
        g_atomic_int_inc(&n_left);
    *ret_screen = attempt->screen;
    g_mutex_unlock(&attempt->lock);
    return conn;
}

xcb_connection_t *
mvm_x11_connect(const char *display, int *ret_screen)
{
    Attempt *attempt = NULL;
    xcb_connection_t *conn = NULL;

    if (g_atomic_int_get(&n_left) >= LEFT_MAX)
        return NULL;
    attempt = g_new0(Attempt, 1);
    g_atomic_ref_count_init(&attempt->refs);
    g_atomic_ref_count_inc(&attempt->refs);
    g_mutex_init(&attempt->lock);
    g_cond_init(&attempt->ended);
    attempt->display = g_strdup(display);
    g_thread_unref(g_thread_new("x11-connect", run, attempt));
    conn = wait_for_end(attempt, ret_screen);
    attempt_unref(attempt);
    return conn;
}
