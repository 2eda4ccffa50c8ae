/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The time that is left, as a bar shows it. */
#include "util/rate.h"

#define MIB ((uint64_t)1024 * 1024)

/* Work of a steady mean that comes in pieces, asked ten times a second: seconds after the start. */
static void
run_pieces(MvmRate *rate, uint64_t piece, uint64_t per_second, unsigned tenths)
{
    mvm_rate_begin(rate, 0, 0);
    for (unsigned i = 1; i <= tenths; i++)
        mvm_rate_update(rate, per_second * i / 10 / piece * piece,
                        (gint64)i * (G_USEC_PER_SEC / 10));
}

static void
test_none(void)
{
    MvmRate rate;
    uint64_t left = 0;

    run_pieces(&rate, 1, MIB, 29);
    g_assert_false(mvm_rate_left(&rate, 3 * MIB, 100 * MIB, &left)); /* the first three seconds */
    run_pieces(&rate, 1, MIB, 31);
    g_assert_true(mvm_rate_left(&rate, 3 * MIB, 100 * MIB, &left));
    g_assert_false(mvm_rate_left(&rate, 3 * MIB, 0, &left));
    g_assert_false(mvm_rate_left(&rate, 100 * MIB, 100 * MIB, &left));
    mvm_rate_begin(&rate, 50, 0);
    mvm_rate_update(&rate, 50, 10 * G_USEC_PER_SEC);
    g_assert_false(mvm_rate_left(&rate, 50, 100 * MIB, &left)); /* nothing moves */
}

/* Whole chunks of 10 MiB at 4 MiB/s: within 40 % of the truth at each moment after ten seconds. */
static void
test_chunks(void)
{
    for (unsigned tenths = 100; tenths <= 600; tenths++) {
        MvmRate rate;
        uint64_t left = 0, total = 700 * MIB, done = 4 * MIB * tenths / 10 / (10 * MIB) * 10 * MIB;
        uint64_t truth = total / (4 * MIB) - tenths / 10;

        run_pieces(&rate, 10 * MIB, 4 * MIB, tenths);
        g_assert_true(mvm_rate_left(&rate, done, total, &left));
        g_assert_cmpuint(left, >=, truth * 6 / 10);
        g_assert_cmpuint(left, <=, truth * 14 / 10 + 1);
    }
}

/* What was there from an earlier run, or came in the first moment from a cache, is no rate. */
static void
test_burst(void)
{
    MvmRate rate;
    uint64_t left = 0, total = 1000 * MIB, done = 500 * MIB;

    mvm_rate_begin(&rate, done, 0);
    for (unsigned i = 1; i <= 300; i++) {
        done = 500 * MIB + 20 * MIB + MIB * i / 10;
        mvm_rate_update(&rate, done, (gint64)i * (G_USEC_PER_SEC / 10));
    }
    g_assert_true(mvm_rate_left(&rate, done, total, &left));
    g_assert_cmpuint(left, >=, 150); /* 450 at the rate of after the burst; 15 with the burst's */
    g_assert_cmpuint(left, <=, 450);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rate/none", test_none);
    g_test_add_func("/rate/chunks", test_chunks);
    g_test_add_func("/rate/burst", test_burst);
    return g_test_run();
}
