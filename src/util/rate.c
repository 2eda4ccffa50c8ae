/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/rate.h"

#define WINDOW 5.0 /* seconds */
#define FIRST_GUESS (3 * G_USEC_PER_SEC)

void
mvm_rate_begin(MvmRate *rate, uint64_t done, gint64 now)
{
    *rate = (MvmRate){.started = now, .updated = now, .before = done};
}

void
mvm_rate_update(MvmRate *rate, uint64_t done, gint64 now)
{
    double since_start = (double)(now - rate->started) / G_USEC_PER_SEC;
    double since_update = (double)(now - rate->updated) / G_USEC_PER_SEC;
    double mean = 0, weight = MIN(since_update / WINDOW, 1.0);

    if (since_update <= 0)
        return;
    mean = done > rate->before ? (double)(done - rate->before) / since_start : 0;
    rate->value = rate->value <= 0 ? mean : rate->value * (1 - weight) + mean * weight;
    rate->updated = now;
}

bool
mvm_rate_left(const MvmRate *rate, uint64_t done, uint64_t total, uint64_t *ret_seconds)
{
    if (rate->updated - rate->started < FIRST_GUESS || total <= done || rate->value < 1)
        return false;
    *ret_seconds = (uint64_t)((double)(total - done) / rate->value);
    return true;
}
