/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "counter.h"

#include <stdbool.h>

static gboolean
on_deadline(gpointer data)
{
    *(bool *)data = true;
    return G_SOURCE_REMOVE;
}

void
clip_counter_wait(GMainContext *context, const unsigned *counter, unsigned value)
{
    g_autoptr(GSource) deadline = g_timeout_source_new(CLIP_COUNTER_DEADLINE_MS);
    bool timed_out = false;

    g_source_set_callback(deadline, on_deadline, &timed_out, NULL);
    g_source_attach(deadline, context);
    while (*counter < value && !timed_out)
        g_main_context_iteration(context, TRUE);
    g_source_destroy(deadline);
    g_assert_false(timed_out);
}
