/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/clip-follow.h"

#include "util/error.h"
#include "util/interrupt.h"
#include "virt/watch.h"

#include <poll.h>
#include <string.h>

#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 30000

typedef struct {
    MvmDomain *domain; /* borrowed */
    MvmAgent *agent;   /* borrowed */
    int ended;
    MvmWatch *watch; /* owned; NULL while libvirt is away */
    bool awake;      /* what the agent was told last */
    unsigned run;    /* libvirt's number of the run that was seen last; 0: none */
    int retry_ms;
} Follow;

bool
mvm_clip_state_is_awake(MvmState state)
{
    return state == MVM_STATE_RUNNING || state == MVM_STATE_IDLE;
}

/* Waits at most ms; true when it is time to leave. */
static bool
is_over(const Follow *follow, int ms)
{
    struct pollfd fds[] = {{.fd = follow->ended, .events = POLLIN},
                           {.fd = mvm_interrupt_fd(), .events = POLLIN}};

    return poll(fds, G_N_ELEMENTS(fds), ms) > 0;
}

static void
tell_agent(Follow *follow, MvmState state)
{
    bool awake = mvm_clip_state_is_awake(state);

    if (awake && !follow->awake)
        mvm_agent_resume(follow->agent);
    else if (!awake && follow->awake)
        mvm_agent_pause(follow->agent, !mvm_state_is_active(state));
    follow->awake = awake;
}

/* Without libvirt nobody told that the machine was off; its next run is told by its number. */
static void
notice_new_run(Follow *follow)
{
    unsigned run = mvm_watch_get_run(follow->watch);

    if (follow->run != 0 && run != 0 && run != follow->run)
        tell_agent(follow, MVM_STATE_SHUT_OFF);
    if (run != 0)
        follow->run = run;
}

/* Starts a watch, over a new connection when the old one is broken. */
static bool
begin_watch(Follow *follow, bool reopen)
{
    MvmConnection *conn = mvm_domain_get_connection(follow->domain);
    g_autoptr(GError) error = NULL;

    if (reopen && !mvm_connection_reopen(conn, NULL))
        return false;
    if (reopen && !mvm_domain_reopen(follow->domain, &error)) {
        if (g_error_matches(error, MVM_ERROR, MVM_ERROR_NOT_FOUND))
            mvm_agent_stop(follow->agent);
        return false;
    }
    follow->watch = mvm_watch_new(follow->domain, NULL);
    if (follow->watch == NULL)
        return false;
    mvm_watch_set_fd(follow->watch, follow->ended);
    notice_new_run(follow);
    tell_agent(follow, mvm_watch_get_state(follow->watch, NULL));
    return true;
}

static void
end_watch(Follow *follow)
{
    g_clear_pointer(&follow->watch, mvm_watch_free);
}

/* One event. A machine that was off in between is another one for the agent, even if it runs again
 * by now; the watch is begun anew, because it remembers that for good. */
static void
step(Follow *follow)
{
    const char *reason = NULL;
    MvmState state = MVM_STATE_UNKNOWN;

    if (!mvm_watch_step(follow->watch, G_MAXINT64, NULL) ||
        !mvm_watch_is_connected(follow->watch)) {
        end_watch(follow);
        return;
    }
    follow->retry_ms = RETRY_MIN_MS;
    state = mvm_watch_get_state(follow->watch, &reason);
    if (strcmp(reason, "undefined") == 0) {
        mvm_agent_stop(follow->agent);
        return;
    }
    if (mvm_watch_has_stopped(follow->watch)) {
        follow->run = 0;
        tell_agent(follow, MVM_STATE_SHUT_OFF);
        end_watch(follow);
        (void)begin_watch(follow, false);
        return;
    }
    notice_new_run(follow);
    tell_agent(follow, state);
}

void
mvm_clip_follow(MvmDomain *domain, MvmAgent *agent, int ended)
{
    Follow follow = {.domain = domain, .agent = agent, .ended = ended, .retry_ms = RETRY_MIN_MS};
    MvmState state = MVM_STATE_UNKNOWN;

    follow.awake =
        mvm_domain_get_state(domain, &state, NULL, NULL) && mvm_clip_state_is_awake(state);
    (void)begin_watch(&follow, false);
    while (!is_over(&follow, 0)) {
        if (follow.watch != NULL) {
            step(&follow);
        } else if (!is_over(&follow, follow.retry_ms)) {
            follow.retry_ms = MIN(follow.retry_ms * 2, RETRY_MAX_MS);
            (void)begin_watch(&follow, true);
        }
    }
    end_watch(&follow);
}
