/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/clip-run.h"

#include "ops/clip-follow.h"
#include "ops/clip-state.h"
#include "util/error.h"
#include "util/file.h"
#include "util/interrupt.h"
#include "util/lock.h"
#include "util/ssh.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <sys/eventfd.h>

#define MMAP_FROM (256 * 1024) /* bytes */
#define FOLLOWER_MS 500        /* for libvirt to answer at the end */
#define LINES_MAX                                                                                  \
    600 /* of the log in a minute: a guest must not fill the host's memory with them */
#define LINES_US (60 * G_USEC_PER_SEC)

/* What the agent's thread tells the one that waits for it. */
typedef struct {
    const MvmClipListener *listener;
    int ended;           /* an eventfd: readable once the agent has ended */
    GError *error;       /* owned; set before that */
    bool settled;        /* set before that: the task is done, or the agent was connected */
    int64_t lines_since; /* monotonic; the minute in which lines counts */
    unsigned lines;
} Run;

static void
on_settled(const GError *error, void *data)
{
    Run *run = data;

    run->settled = true;
    run->listener->settled(error, run->listener->data);
}

static void
on_log(const char *line, void *data)
{
    Run *run = data;
    int64_t now = g_get_monotonic_time();

    if (now - run->lines_since >= LINES_US) {
        run->lines_since = now;
        run->lines = 0;
    }
    run->lines++;
    if (run->lines <= LINES_MAX)
        run->listener->log(line, run->listener->data);
    else if (run->lines == LINES_MAX + 1)
        run->listener->log("too much to log: nothing more for a minute", run->listener->data);
}

static void
on_ended(const GError *error, void *data)
{
    Run *run = data;

    if (error != NULL)
        run->error = g_error_copy(error);
    (void)eventfd_write(run->ended, 1);
}

static bool
refuse_second(const MvmClipPeer *peer, GError **error)
{
    g_autofree char *status = mvm_clip_peer_command(peer, "status");
    g_autofree char *stop = mvm_clip_peer_command(peer, "stop");

    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot share the clipboard with '%s': it is shared already", peer->name);
    mvm_error_set_hint(error, "'%s' shows the agent, '%s' ends it", status, stop);
    return false;
}

bool
mvm_clip_check_free(const MvmClipPeer *peer, GError **error)
{
    return !mvm_clip_is_running(peer->key) || refuse_second(peer, error);
}

/* One agent a peer. The lock goes with the process, however that ends. */
static MvmLock *
take_lock(const MvmClipPeer *peer, GError **error)
{
    g_autofree char *name = mvm_clip_peer_get_lock(peer);
    g_autoptr(GError) cause = NULL;
    MvmLock *lock = mvm_lock_take(name, peer->name, &cause);

    if (lock != NULL)
        return lock;
    if (g_error_matches(cause, MVM_ERROR, MVM_ERROR_CONFLICT))
        (void)refuse_second(peer, error);
    else
        g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

/* Until the agent ends: by itself, or because a signal asked for it. */
static void
wait_for_agent(MvmAgent *agent, const Run *run)
{
    struct pollfd fds[] = {{.fd = run->ended, .events = POLLIN},
                           {.fd = mvm_interrupt_fd(), .events = POLLIN}};

    while ((fds[0].revents & POLLIN) == 0) {
        if (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
            continue;
        if (mvm_interrupted() && fds[1].fd >= 0) {
            mvm_agent_stop(agent);
            fds[1].fd = -1;
        }
    }
}

/* Follows the machine in a thread of its own: libvirt may keep it waiting for as long as it likes,
 * while the agent can be stopped. */
typedef struct {
    MvmDomain *domain; /* borrowed */
    MvmAgent *agent;   /* borrowed */
    int ended;         /* borrowed: see Run */
    int done;          /* owned; an eventfd: readable once it has come to its end */
    GThread *thread;   /* owned */
} Follower;

static gpointer
follow(gpointer data)
{
    Follower *follower = data;

    mvm_clip_follow(follower->domain, follower->agent, follower->ended);
    (void)eventfd_write(follower->done, 1);
    return NULL;
}

static Follower *
start_follower(MvmDomain *domain, MvmAgent *agent, int ended)
{
    Follower *follower = g_new0(Follower, 1);

    *follower = (Follower){
        .domain = domain, .agent = agent, .ended = ended, .done = eventfd(0, EFD_CLOEXEC)};
    follower->thread = g_thread_new("libvirt", follow, follower);
    return follower;
}

/* After the agent's end. False when libvirt does not let go of it: then it, and all that it uses,
 * must stay until the process ends. */
static bool
end_follower(Follower *follower)
{
    struct pollfd fd = {.fd = follower->done, .events = POLLIN};
    gint64 end = g_get_monotonic_time() + FOLLOWER_MS * G_TIME_SPAN_MILLISECOND;
    int ready = -1;

    while (ready < 0)
        ready = poll(&fd, 1, (int)MAX((end - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND, 0));
    if (ready == 0)
        return false;
    g_thread_join(follower->thread);
    close(follower->done);
    g_free(follower);
    return true;
}

/* A machine that is off has no clipboard; an agent that stays waits for it. */
static bool
check_state(const MvmClipPeer *peer, bool stays, bool *ret_resting, GError **error)
{
    MvmState state = MVM_STATE_RUNNING;

    if (peer->domain != NULL && !mvm_domain_get_state(peer->domain, &state, NULL, error))
        return false;
    *ret_resting = !mvm_clip_state_is_awake(state);
    if (!*ret_resting || stays)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot reach the clipboard of '%s': it is %s", peer->name, mvm_state_name(state));
    return false;
}

/* What is done once is not sent to a machine whose host key was never seen; an agent that stays
 * waits for that as well. */
static bool
check_key(const MvmClipPeer *peer, bool stays, GError **error)
{
    if (stays || !peer->target->known || mvm_ssh_knows_host_key(peer->target->alias))
        return true;
    mvm_ssh_set_key_unknown(error, peer->name);
    return false;
}

/* glibc takes the size of the largest block that was freed for the size from which blocks are given
 * back at once: after one picture an agent would keep tens of MiB for the rest of its life. */
static void
give_memory_back(void)
{
#ifdef M_MMAP_THRESHOLD
    (void)mallopt(M_MMAP_THRESHOLD, MMAP_FROM);
#endif
}

bool
mvm_clip_run(MvmClipPeer *peer, const MvmClipOptions *options, const MvmClipListener *listener,
             GError **error)
{
    static const MvmAgentEvents events = {on_settled, on_ended, on_log};
    bool stays = options->task == MVM_AGENT_SYNC;
    g_autofree char *socket = mvm_clip_peer_get_path(peer, "sock");
    MvmAgentConfig config = {.task = options->task,
                             .direction = stays ? options->direction : MVM_DIRECTION_NONE,
                             .machine = peer->name,
                             .uri = options->uri,
                             .backend = options->backend,
                             .socket = stays ? socket : NULL,
                             .verbose = options->verbose};
    g_autoptr(MvmLock) lock = stays ? take_lock(peer, error) : NULL;
    mvm_autofd ended = eventfd(0, EFD_CLOEXEC);
    Run run = {.listener = listener, .ended = ended};
    MvmAgent *agent = NULL;
    Follower *follower = NULL;

    if ((stays && lock == NULL) || !check_state(peer, stays, &config.resting, error) ||
        !check_key(peer, stays, error))
        return false;
    if (ended < 0)
        return mvm_error_set_errno(error, "start", "the clipboard agent");
    give_memory_back();
    agent = mvm_agent_new(&config, g_steal_pointer(&peer->target), &events, &run);
    if (peer->domain != NULL && stays)
        follower = start_follower(peer->domain, agent, ended);
    wait_for_agent(agent, &run);
    if (follower == NULL || end_follower(follower)) {
        mvm_agent_free(agent);
    } else {
        peer->stuck = true;
        peer->domain = NULL;
        (void)mvm_steal_fd(&ended);
    }
    if (run.error == NULL && !stays && !run.settled)
        g_set_error_literal(&run.error, MVM_ERROR, MVM_ERROR_CANCELLED, "interrupted");
    if (run.error == NULL)
        return true;
    g_propagate_error(error, run.error);
    return false;
}
