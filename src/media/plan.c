/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/plan.h"

#define NOT_LOADED UINT32_MAX

/* Chunks that lie between those in use, kept for runs that go back a little. */
#define SPARE 2

/* What would be in memory at a point of the plan. */
typedef struct {
    const MvmChunkMap *map;
    uint32_t *step_of; /* owned: by chunk, the step that loaded it, or NOT_LOADED */
    GQueue loaded;     /* of chunks, in the order in which they were loaded */
} Window;

static void
chunks_of(const MvmChunkMap *map, const MvmUdifRun *run, uint32_t *ret_first, uint32_t *ret_last)
{
    *ret_first = mvm_chunk_map_find(map, run->offset);
    *ret_last = mvm_chunk_map_find(map, run->offset + run->length - 1);
}

static size_t
widest_run(const MvmUdif *udif, const MvmChunkMap *map)
{
    size_t widest = 0;

    for (size_t i = 0; i < udif->runs->len; i++) {
        const MvmUdifRun *run = mvm_udif_get_run(udif, i);
        uint32_t first = 0, last = 0;

        if (run->length == 0)
            continue;
        chunks_of(map, run, &first, &last);
        widest = MAX(widest, (size_t)last - first + 1);
    }
    return widest;
}

/* Drops the chunk loaded first of those that the present run, of chunks first to last, can do
 * without. There is one: the window is wider than any run. */
static void
drop_one(Window *window, uint32_t first, uint32_t last)
{
    for (GList *link = window->loaded.head; link != NULL; link = link->next) {
        uint32_t chunk = GPOINTER_TO_UINT(link->data);

        if (chunk >= first && chunk <= last)
            continue;
        window->step_of[chunk] = NOT_LOADED;
        g_queue_delete_link(&window->loaded, link);
        return;
    }
}

static void
plan_run(MvmPlan *plan, Window *window, const MvmUdifRun *run)
{
    uint32_t first = 0, last = 0;

    chunks_of(window->map, run, &first, &last);
    for (uint32_t chunk = first; chunk <= last; chunk++) {
        uint32_t step = window->step_of[chunk];

        if (step == NOT_LOADED) {
            MvmPlanStep new_step = {.chunk = chunk};

            if (g_queue_get_length(&window->loaded) >= plan->window)
                drop_one(window, first, last);
            step = plan->steps->len;
            g_array_append_val(plan->steps, new_step);
            window->step_of[chunk] = step;
            g_queue_push_tail(&window->loaded, GUINT_TO_POINTER(chunk));
        }
        mvm_plan_get_step(plan, step)->uses++;
        g_array_append_val(plan->needs, step);
    }
}

MvmPlan *
mvm_plan_new(const MvmUdif *udif, const MvmChunkMap *map, size_t first_run)
{
    MvmPlan *plan = g_new0(MvmPlan, 1);
    uint32_t chunks = map != NULL ? map->count : 0;
    Window window = {.map = map, .step_of = g_new(uint32_t, chunks), .loaded = G_QUEUE_INIT};

    for (uint32_t i = 0; i < chunks; i++)
        window.step_of[i] = NOT_LOADED;
    plan->first_run = first_run;
    plan->window = map != NULL ? widest_run(udif, map) + SPARE : 0;
    plan->steps = g_array_new(FALSE, FALSE, sizeof(MvmPlanStep));
    /* Not empty even when no run has a payload: mvm_plan_get_needs() points into it. */
    plan->needs = g_array_sized_new(FALSE, FALSE, sizeof(uint32_t), 1);
    plan->run_needs = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (size_t i = first_run; i < udif->runs->len; i++) {
        const MvmUdifRun *run = mvm_udif_get_run(udif, i);

        g_array_append_val(plan->run_needs, plan->needs->len);
        if (map != NULL && run->length > 0)
            plan_run(plan, &window, run);
    }
    g_array_append_val(plan->run_needs, plan->needs->len);
    g_queue_clear(&window.loaded);
    g_free(window.step_of);
    return plan;
}

void
mvm_plan_free(MvmPlan *plan)
{
    if (plan == NULL)
        return;
    g_array_unref(plan->steps);
    g_array_unref(plan->needs);
    g_array_unref(plan->run_needs);
    g_free(plan);
}
