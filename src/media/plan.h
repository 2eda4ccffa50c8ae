/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In which order chunks have to be loaded, so that runs can be decoded in the order of their
 * sectors with few chunks in memory. Where the payloads lie in the order of the sectors, as in
 * every image seen so far, each chunk is loaded once. Where they do not, chunks that fell out of
 * the window are loaded again: slower, but still right and still bounded.
 */
#pragma once

#include "media/chunklist.h"
#include "media/udif.h"

typedef struct {
    uint32_t chunk;
    uint32_t uses; /* how many runs need it before it may go */
} MvmPlanStep;

typedef struct {
    size_t first_run;  /* runs before are done already */
    GArray *steps;     /* owned, of MvmPlanStep */
    GArray *needs;     /* owned, of uint32_t: indices of steps, run after run */
    GArray *run_needs; /* owned, of uint32_t: where in needs those of run first_run + i begin;
                        * one more at the end */
    size_t window;     /* so many chunks have to fit in memory at once */
} MvmPlan;

/* map may be NULL: a plan without steps, for a source that is read and not loaded. */
MvmPlan *mvm_plan_new(const MvmUdif *udif, const MvmChunkMap *map, size_t first_run);
void mvm_plan_free(MvmPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmPlan, mvm_plan_free)

static inline MvmPlanStep *
mvm_plan_get_step(const MvmPlan *plan, size_t step)
{
    return &g_array_index(plan->steps, MvmPlanStep, step);
}

/* The steps that run needs, ascending by chunk; *ret_count of them. */
static inline const uint32_t *
mvm_plan_get_needs(const MvmPlan *plan, size_t run, size_t *ret_count)
{
    const uint32_t *begin = &g_array_index(plan->run_needs, uint32_t, run - plan->first_run);

    *ret_count = begin[1] - begin[0];
    return (const uint32_t *)(void *)plan->needs->data + begin[0];
}
