/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast work goes, and how long the rest of it takes. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    gint64 started;  /* monotonic microseconds */
    gint64 updated;  /* of the last update */
    uint64_t before; /* done at the start */
    double value;    /* a second, smoothed over five seconds */
} MvmRate;

/* Begins at time now, with so much done already by somebody else. */
void mvm_rate_begin(MvmRate *rate, uint64_t done, gint64 now);

/* The mean since the beginning, which a burst does not move for long. */
void mvm_rate_update(MvmRate *rate, uint64_t done, gint64 now);

/* Seconds for what is left of total; false while that is not known: in the first three seconds,
 * when total is not known (0), and when nothing moves. */
bool mvm_rate_left(const MvmRate *rate, uint64_t done, uint64_t total, uint64_t *ret_seconds);
