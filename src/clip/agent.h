/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The clipboard agent: a thread of its own around one session (session.h), with the socket by which
 * other processes ask it (control.h). The thread that made it may meanwhile follow the machine's
 * life and tell the agent to rest or go on.
 */
#pragma once

#include "clip/engine.h"
#include "clip/ssh.h"

typedef enum {
    MVM_AGENT_SYNC, /* until it is stopped */
    MVM_AGENT_PUSH, /* the host's clipboard once to the guest */
    MVM_AGENT_PULL, /* the guest's once to the host, then holds it until somebody else copies */
} MvmAgentTask;

typedef struct {
    MvmAgentTask task;
    MvmDirection direction;
    const char *machine; /* for people */
    const char *uri;     /* of libvirt, as it was asked for; told by "status". NULL: no machine's */
    const char *backend; /* one of backend.h's names, or NULL: choose */
    const char *socket;  /* where to listen, or NULL */
    bool resting;        /* begin as after mvm_agent_pause() */
    bool verbose;        /* a line in the log for every copy */
} MvmAgentConfig;

/* All are called in the agent's thread. */
typedef struct {
    /* Once: the agent is at work. error (borrowed) is NULL when it is connected (MVM_AGENT_SYNC) or
     * when the task is done; else it says what is being tried again. Not called when it ends
     * before. */
    void (*settled)(const GError *error, void *data);
    /* Once, at the end: NULL when it was stopped or has nothing more to do. */
    void (*ended)(const GError *error, void *data);
    /* One line for the log; never anything that was copied. */
    void (*log)(const char *line, void *data);
} MvmAgentEvents;

typedef struct MvmAgent MvmAgent;

/* Starts the thread; takes target in every case. config's strings are copied. SIGPIPE must be
 * ignored. What fails is told by ended(). */
MvmAgent *mvm_agent_new(const MvmAgentConfig *config, MvmSshTarget *target,
                        const MvmAgentEvents *events, void *data);

/* These may be called from any thread and return at once. */
void mvm_agent_pause(MvmAgent *agent, bool stopped); /* the machine is paused, or stopped */
void mvm_agent_resume(MvmAgent *agent);              /* the machine runs (again) */
void mvm_agent_stop(MvmAgent *agent);                /* ended() follows */

/* Stops it and waits for the thread's end. */
void mvm_agent_free(MvmAgent *agent);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmAgent, mvm_agent_free)
