/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One child process (ssh) and its pipes, driven by a GMainContext: bytes to its standard input,
 * bytes from its standard output, and a word on why it ended. It knows nothing of what the bytes
 * mean, and does not start again: src/clip/link.c does.
 *
 * The child leads a process group of its own, and dies with the thread that made it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    MVM_TRANSPORT_DONE,     /* the remote command exited with 0 */
    MVM_TRANSPORT_FAILED,   /* the remote command exited otherwise: see status */
    MVM_TRANSPORT_LOST,     /* the connection broke, or ssh was killed */
    MVM_TRANSPORT_REFUSED,  /* nobody listens, no route, no name, no answer */
    MVM_TRANSPORT_AUTH,     /* ssh may not log in */
    MVM_TRANSPORT_HOST_KEY, /* the host key is not the one known */
} MvmTransportEnd;

typedef struct MvmTransport MvmTransport;

/* None is called from within a function of this interface; each may free the transport. ended() is
 * the last one. */
typedef struct {
    void (*received)(const uint8_t *bytes, size_t len, void *data);
    /* All that was given to mvm_transport_send() has gone into the pipe. */
    void (*drained)(void *data);
    /* status is the exit status of the remote command; error (borrowed) says what happened, with
     * the last thing that ssh said, and is NULL for MVM_TRANSPORT_DONE. */
    void (*ended)(MvmTransportEnd end, int status, const GError *error, void *data);
} MvmTransportEvents;

/* Starts argv. what names the other side in errors. Fails when the program cannot be started
 * (MVM_ERROR_HOST when it is not installed). SIGPIPE must be ignored in the process. */
MvmTransport *mvm_transport_new(const char *const *argv, const char *what, GMainContext *context,
                                const MvmTransportEvents *events, void *data, GError **error);

/* Kills the child's process group if it still runs; no event follows. */
void mvm_transport_free(MvmTransport *transport);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmTransport, mvm_transport_free)

/* Queues a copy of len bytes; writes at once what the pipe takes. The caller bounds the queue by
 * waiting for drained(). */
void mvm_transport_send(MvmTransport *transport, const void *bytes, size_t len);

/* Closes the child's standard input once the queue is empty. */
void mvm_transport_close_input(MvmTransport *transport);

/* Why ssh, which exited with status 255 and said text, did so. */
MvmTransportEnd mvm_transport_classify(const char *text);
