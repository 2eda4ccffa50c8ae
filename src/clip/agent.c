/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/agent.h"

#include "clip/control.h"
#include "clip/session.h"
#include "util/error.h"

#include <unistd.h>

struct MvmAgent {
    MvmAgentConfig config; /* its strings are owned */
    MvmAgentEvents events;
    void *data;
    GThread *thread;       /* owned */
    GMainContext *context; /* a reference */

    /* The agent's thread alone uses what follows. */
    MvmSshTarget *target; /* owned until the session is made */
    GMainLoop *loop;      /* owned */
    MvmSession *session;  /* owned */
    MvmControl *control;  /* owned, or NULL */
    GQueue pushes, pulls; /* of MvmControlRequest, borrowed: to be answered at the next outcome */
    bool settled, ending;
    GError *error; /* owned; why it ends */
};

static void say(MvmAgent *agent, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
say(MvmAgent *agent, const char *format, ...)
{
    g_autofree char *line = NULL;
    va_list args;

    va_start(args, format);
    line = g_strdup_vprintf(format, args);
    va_end(args);
    agent->events.log(line, agent->data);
}

static void
settle(MvmAgent *agent, const GError *error)
{
    if (agent->settled)
        return;
    agent->settled = true;
    agent->events.settled(error, agent->data);
}

static void
quit(void *data)
{
    MvmAgent *agent = data;

    g_main_loop_quit(agent->loop);
}

/* What the guest gave stays on the host's clipboard when there is a manager to keep it. */
static void
finish(MvmAgent *agent, const GError *error)
{
    if (agent->ending)
        return;
    agent->ending = true;
    if (error != NULL)
        agent->error = g_error_copy(error);
    mvm_session_save(agent->session, quit, agent);
}

static void
on_connected(void *data)
{
    MvmAgent *agent = data;
    MvmSessionStatus status = mvm_session_get_status(agent->session);

    say(agent, "connected to '%s' (%s, %s)", agent->config.machine, status.agent, status.backend);
    if (agent->config.task == MVM_AGENT_SYNC)
        settle(agent, NULL);
}

/* One of several tries is no failure for an agent that stays; a single task has only one. */
static void
on_trouble(const GError *error, void *data)
{
    MvmAgent *agent = data;

    say(agent, "%s", error->message);
    if (agent->config.task == MVM_AGENT_SYNC)
        settle(agent, error);
    else if (!agent->settled)
        finish(agent, error);
}

static void
on_dead(const GError *error, void *data)
{
    MvmAgent *agent = data;

    say(agent, "%s", error->message);
    finish(agent, error);
}

/* NULL for what counts as done. */
static GError *
error_of(MvmDirection direction, MvmClipOutcome outcome, const GError *error)
{
    int code = outcome == MVM_CLIP_NOTHING ? MVM_ERROR_NOT_FOUND : MVM_ERROR_FAILED;

    if (outcome == MVM_CLIP_SENT || outcome == MVM_CLIP_RECEIVED || outcome == MVM_CLIP_SAME)
        return NULL;
    if (error != NULL)
        return g_error_copy(error);
    return g_error_new(MVM_ERROR, code, "cannot %s 'the clipboard': %s",
                       direction == MVM_DIRECTION_TO_GUEST ? "push" : "pull",
                       mvm_session_describe(direction, outcome));
}

static void
answer_all(GQueue *requests, const GError *error)
{
    int code = error != NULL && error->domain == MVM_ERROR ? error->code : MVM_ERROR_FAILED;
    g_autofree char *text = error != NULL
                                ? g_strdup_printf("error %s\ncode %d\n", error->message, code)
                                : g_strdup("ok\n");
    MvmControlRequest *request = NULL;

    while ((request = g_queue_pop_head(requests)) != NULL)
        mvm_control_answer(request, text);
}

static void
on_outcome(MvmDirection direction, MvmClipOutcome outcome, const GError *error, void *data)
{
    MvmAgent *agent = data;
    bool to_guest = direction == MVM_DIRECTION_TO_GUEST;
    g_autoptr(GError) failure = error_of(direction, outcome, error);

    if (outcome == MVM_CLIP_LATE)
        return;
    if (agent->config.verbose || error != NULL)
        say(agent, "%s", error != NULL ? error->message : mvm_session_describe(direction, outcome));
    if (outcome == MVM_CLIP_SKIPPED)
        return;
    answer_all(to_guest ? &agent->pushes : &agent->pulls, failure);
    if (agent->config.task == MVM_AGENT_SYNC || agent->settled)
        return;
    if (failure != NULL) {
        finish(agent, failure);
    } else if (agent->config.task == (to_guest ? MVM_AGENT_PUSH : MVM_AGENT_PULL)) {
        settle(agent, NULL);
        if (to_guest || outcome == MVM_CLIP_SAME)
            finish(agent, NULL);
    }
}

static void
on_disowned(void *data)
{
    MvmAgent *agent = data;

    if (agent->config.task == MVM_AGENT_PULL)
        finish(agent, NULL);
}

static void
append(GString *text, const char *key, const char *value)
{
    if (value != NULL)
        g_string_append_printf(text, "%s %s\n", key, value);
}

static void
answer_status(MvmAgent *agent, MvmControlRequest *request)
{
    g_autoptr(GString) text = g_string_new("ok\n");
    MvmSessionStatus status = mvm_session_get_status(agent->session);
    bool both = status.display_trouble != NULL && status.trouble != NULL;
    const char *first = status.display_trouble != NULL ? status.display_trouble : status.trouble;
    g_autofree char *trouble =
        first != NULL ? g_strjoin("; ", first, both ? status.trouble : NULL, NULL) : NULL;

    append(text, "machine", agent->config.machine);
    append(text, "uri", agent->config.uri);
    append(text, "connected", status.connected ? "yes" : "no");
    append(text, "backend", status.backend);
    append(text, "reason", status.reason);
    append(text, "agent", status.agent);
    append(text, "trouble", trouble);
    g_string_append_printf(text,
                           "pid %d\nsent %" G_GUINT64_FORMAT "\nreceived %" G_GUINT64_FORMAT "\n",
                           (int)getpid(), status.sent, status.received);
    mvm_control_answer(request, text->str);
}

static void
on_request(MvmControlRequest *request, const char *word, void *data)
{
    MvmAgent *agent = data;
    MvmSessionStatus status = mvm_session_get_status(agent->session);

    if (g_str_equal(word, "status")) {
        answer_status(agent, request);
    } else if (g_str_equal(word, "stop")) {
        mvm_control_answer(request, "ok\n");
        finish(agent, NULL);
    } else if (!g_str_equal(word, "push") && !g_str_equal(word, "pull")) {
        mvm_control_answer(request, "error no such request\n");
    } else if (!status.connected) {
        mvm_control_answer(request, "error cannot reach 'the guest': the agent is not connected\n");
    } else if (status.backend == NULL) {
        mvm_control_answer(request, "error cannot use 'the clipboard': the display is gone\n");
    } else if (g_str_equal(word, "push")) {
        g_queue_push_tail(&agent->pushes, request);
        mvm_session_push(agent->session);
    } else {
        g_queue_push_tail(&agent->pulls, request);
        mvm_session_pull(agent->session);
    }
}

static bool
open_all(MvmAgent *agent, GError **error)
{
    static const MvmSessionEvents events = {on_connected, on_trouble, on_dead, on_outcome,
                                            on_disowned};
    MvmAgentConfig *config = &agent->config;

    agent->session = mvm_session_new(g_steal_pointer(&agent->target), config->direction,
                                     config->backend, agent->context, &events, agent, error);
    if (agent->session == NULL)
        return false;
    if (config->socket == NULL)
        return true;
    agent->control = mvm_control_new(config->socket, agent->context, on_request, agent, error);
    return agent->control != NULL;
}

static void
rest(MvmAgent *agent)
{
    g_autoptr(GError) error = NULL;

    say(agent, "'%s' is not running", agent->config.machine);
    mvm_session_pause(agent->session, true);
    error =
        g_error_new(MVM_ERROR, MVM_ERROR_CONFLICT, "'%s' is not running", agent->config.machine);
    settle(agent, error);
}

static void
begin(MvmAgent *agent)
{
    if (agent->config.task == MVM_AGENT_PUSH)
        mvm_session_push(agent->session);
    else if (agent->config.task == MVM_AGENT_PULL)
        mvm_session_pull(agent->session);
    if (agent->config.resting)
        rest(agent);
    else
        mvm_session_resume(agent->session);
}

static gpointer
run(gpointer data)
{
    MvmAgent *agent = data;
    const GError stopping = {.message = (char *)"the clipboard agent is stopping"};

    g_main_context_push_thread_default(agent->context);
    if (open_all(agent, &agent->error)) {
        begin(agent);
        g_main_loop_run(agent->loop);
    }
    answer_all(&agent->pushes, &stopping);
    answer_all(&agent->pulls, &stopping);
    g_clear_pointer(&agent->control, mvm_control_free);
    g_clear_pointer(&agent->session, mvm_session_free);
    g_clear_pointer(&agent->target, mvm_ssh_target_free);
    g_main_context_pop_thread_default(agent->context);
    agent->events.ended(agent->error, agent->data);
    return NULL;
}

MvmAgent *
mvm_agent_new(const MvmAgentConfig *config, MvmSshTarget *target, const MvmAgentEvents *events,
              void *data)
{
    MvmAgent *agent = g_new0(MvmAgent, 1);

    agent->config = *config;
    agent->config.machine = g_strdup(config->machine);
    agent->config.uri = g_strdup(config->uri);
    agent->config.backend = g_strdup(config->backend);
    agent->config.socket = g_strdup(config->socket);
    agent->events = *events;
    agent->data = data;
    agent->target = target;
    agent->context = g_main_context_new();
    agent->loop = g_main_loop_new(agent->context, FALSE);
    agent->thread = g_thread_new("clipboard", run, agent);
    return agent;
}

/* Runs func in the agent's thread. Once the agent has ended it is never run, but freed. */
static void
post(MvmAgent *agent, GSourceFunc func)
{
    GSource *source = g_idle_source_new();

    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, func, agent, NULL);
    g_source_attach(source, agent->context);
    g_source_unref(source);
}

static gboolean
do_pause(gpointer data)
{
    MvmAgent *agent = data;

    say(agent, "'%s' is paused", agent->config.machine);
    mvm_session_pause(agent->session, false);
    return G_SOURCE_REMOVE;
}

static gboolean
do_rest(gpointer data)
{
    rest(data);
    return G_SOURCE_REMOVE;
}

static gboolean
do_resume(gpointer data)
{
    MvmAgent *agent = data;

    mvm_session_resume(agent->session);
    return G_SOURCE_REMOVE;
}

static gboolean
do_stop(gpointer data)
{
    finish(data, NULL);
    return G_SOURCE_REMOVE;
}

void
mvm_agent_pause(MvmAgent *agent, bool stopped)
{
    post(agent, stopped ? do_rest : do_pause);
}

void
mvm_agent_resume(MvmAgent *agent)
{
    post(agent, do_resume);
}

void
mvm_agent_stop(MvmAgent *agent)
{
    post(agent, do_stop);
}

void
mvm_agent_free(MvmAgent *agent)
{
    if (agent == NULL)
        return;
    mvm_agent_stop(agent);
    g_thread_join(agent->thread);
    g_main_loop_unref(agent->loop);
    g_main_context_unref(agent->context);
    g_clear_error(&agent->error);
    g_free((char *)agent->config.machine);
    g_free((char *)agent->config.uri);
    g_free((char *)agent->config.backend);
    g_free((char *)agent->config.socket);
    g_free(agent);
}
