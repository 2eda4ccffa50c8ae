/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/transport.h"

#include "util/error.h"
#include "util/file.h"
#include "util/ssh.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define STDERR_MAX 4096                    /* bytes kept of what ssh said: its end */
#define STDERR_TOTAL_MAX ((size_t)1 << 20) /* what the other side says there keeps us busy */
#define READ_SIZE (64 * 1024)
#define READS_AT_ONCE 16 /* so that other sources get their turn */
#define SSH_FAILED 255   /* ssh's own exit status; any other is the remote command's */

struct MvmTransport {
    unsigned refs;         /* the owner's, and one while its callbacks run */
    char *what;            /* owned */
    GMainContext *context; /* a reference */
    MvmTransportEvents events;
    void *data;
    GPid pid;                                /* 0: reaped */
    int in, out, err;                        /* our ends of its pipes, or -1 */
    GSource *write, *read, *read_err, *wait; /* owned, or NULL */
    GByteArray *queue;                       /* owned; not yet written, from sent on */
    size_t sent;
    bool close_input;
    GString *said;     /* owned; the end of its standard error */
    size_t said_total; /* bytes of it so far */
    int status;        /* as waitpid() gives it, once pid is 0 */
    uint8_t buffer[READ_SIZE];
};

static void
unref(MvmTransport *transport)
{
    if (--transport->refs > 0)
        return;
    g_byte_array_unref(transport->queue);
    g_string_free(transport->said, TRUE);
    g_main_context_unref(transport->context);
    g_free(transport->what);
    g_free(transport);
}

static GSource *
attach(MvmTransport *transport, int fd, GIOCondition condition, GUnixFDSourceFunc func)
{
    GSource *source = g_unix_fd_source_new(fd, condition);

    g_source_set_callback(source, G_SOURCE_FUNC(func), transport, NULL);
    g_source_attach(source, transport->context);
    return source;
}

static void
detach(GSource **source)
{
    if (*source == NULL)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static void
close_fd(int *fd)
{
    mvm_close_fd(fd);
    *fd = -1;
}

static void
close_input(MvmTransport *transport)
{
    detach(&transport->write);
    close_fd(&transport->in);
    g_byte_array_set_size(transport->queue, 0);
    transport->sent = 0;
}

MvmTransportEnd
mvm_transport_classify(const char *text)
{
    static const struct {
        const char *said;
        MvmTransportEnd end;
    } table[] = {
        {"Permission denied (", MVM_TRANSPORT_AUTH},
        {"Too many authentication failures", MVM_TRANSPORT_AUTH},
        {"No supported authentication methods", MVM_TRANSPORT_AUTH},
        {"Connection refused", MVM_TRANSPORT_REFUSED},
        {"Could not resolve hostname", MVM_TRANSPORT_REFUSED},
        {"No route to host", MVM_TRANSPORT_REFUSED},
        {"Network is unreachable", MVM_TRANSPORT_REFUSED},
        {"timed out", MVM_TRANSPORT_REFUSED},
        {"kex_exchange_identification", MVM_TRANSPORT_REFUSED},
    };

    if (mvm_ssh_is_host_key_refusal(text))
        return MVM_TRANSPORT_HOST_KEY;
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        if (strstr(text, table[i].said) != NULL)
            return table[i].end;
    }
    return MVM_TRANSPORT_LOST;
}

static const char *
last_line(GString *said)
{
    const char *line = NULL;

    g_strchomp(said->str);
    line = strrchr(said->str, '\n');
    line = line != NULL ? line + 1 : said->str;
    return *line != '\0' ? line : NULL;
}

/* Sets error and returns what it means, for a child that has been reaped. */
static MvmTransportEnd
explain(MvmTransport *transport, int *ret_status, GError **error)
{
    MvmTransportEnd end = MVM_TRANSPORT_LOST;
    const char *line = NULL;

    *ret_status = WIFEXITED(transport->status) ? WEXITSTATUS(transport->status) : -1;
    if (*ret_status == 0)
        return MVM_TRANSPORT_DONE;
    if (*ret_status == SSH_FAILED)
        end = mvm_transport_classify(transport->said->str);
    else if (*ret_status > 0)
        end = MVM_TRANSPORT_FAILED;
    line =
        transport->said_total > STDERR_TOTAL_MAX ? "it says too much" : last_line(transport->said);
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot reach '%s': %s", transport->what,
                line != NULL ? line : "the connection ended");
    return end;
}

/* The end is told when the child is reaped and its output has been read to the end. */
static void
end_if_over(MvmTransport *transport)
{
    g_autoptr(GError) error = NULL;
    MvmTransportEnd end = MVM_TRANSPORT_DONE;
    int status = 0;

    if (transport->pid != 0 || transport->read != NULL || transport->read_err != NULL)
        return;
    close_input(transport);
    end = explain(transport, &status, &error);
    transport->events.ended(end, status, error, transport->data);
}

static gboolean
on_readable(int fd, GIOCondition condition, gpointer data)
{
    MvmTransport *transport = data;
    ssize_t n = 0;

    transport->refs++;
    for (int i = 0; i < READS_AT_ONCE && transport->out >= 0; i++) {
        n = read(transport->out, transport->buffer, READ_SIZE);
        if (n <= 0)
            break;
        transport->events.received(transport->buffer, (size_t)n, transport->data);
    }
    if (transport->out >= 0 && (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))) {
        detach(&transport->read);
        close_fd(&transport->out);
        end_if_over(transport);
    }
    unref(transport);
    return G_SOURCE_CONTINUE;
}

static void
keep(MvmTransport *transport, const char *bytes, size_t len)
{
    GString *said = transport->said;

    for (size_t i = 0; i < len; i++)
        g_string_append_c(said, g_ascii_isprint(bytes[i]) || bytes[i] == '\n' ? bytes[i] : ' ');
    if (said->len > STDERR_MAX)
        g_string_erase(said, 0, (gssize)(said->len - STDERR_MAX));
}

static gboolean
on_said(int fd, GIOCondition condition, gpointer data)
{
    MvmTransport *transport = data;
    char buffer[1024];
    ssize_t n = read(fd, buffer, sizeof(buffer));

    if (n > 0) {
        keep(transport, buffer, (size_t)n);
        transport->said_total += (size_t)n;
        if (transport->said_total > STDERR_TOTAL_MAX && transport->pid != 0)
            kill(-transport->pid, SIGKILL);
        return G_SOURCE_CONTINUE;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    detach(&transport->read_err);
    close_fd(&transport->err);
    end_if_over(transport);
    return G_SOURCE_REMOVE;
}

/* A master or a ProxyCommand may outlive ssh and hold its standard error open: once ssh is gone,
 * what is there is read and no more is waited for. */
static void
on_reaped(GPid pid, int status, gpointer data)
{
    MvmTransport *transport = data;
    char buffer[1024];
    ssize_t n = 0;

    transport->pid = 0;
    transport->status = status;
    g_spawn_close_pid(pid);
    detach(&transport->wait);
    while (transport->err >= 0 && (n = read(transport->err, buffer, sizeof(buffer))) > 0)
        keep(transport, buffer, (size_t)n);
    detach(&transport->read_err);
    close_fd(&transport->err);
    end_if_over(transport);
}

/* Writes what the pipe takes. False when it is broken; the child's end tells why. */
static bool
flush(MvmTransport *transport)
{
    GByteArray *queue = transport->queue;

    while (transport->sent < queue->len) {
        ssize_t n =
            write(transport->in, queue->data + transport->sent, queue->len - transport->sent);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        transport->sent += (size_t)n;
    }
    if (queue->len > 0)
        explicit_bzero(queue->data, queue->len);
    g_byte_array_set_size(queue, 0);
    transport->sent = 0;
    return true;
}

static gboolean
on_writable(int fd, GIOCondition condition, gpointer data)
{
    MvmTransport *transport = data;

    if (!flush(transport)) {
        close_input(transport);
        return G_SOURCE_REMOVE;
    }
    if (transport->queue->len > 0)
        return G_SOURCE_CONTINUE;
    detach(&transport->write);
    if (transport->close_input)
        close_input(transport);
    else
        transport->events.drained(transport->data);
    return G_SOURCE_REMOVE;
}

void
mvm_transport_send(MvmTransport *transport, const void *bytes, size_t len)
{
    bool idle = transport->queue->len == 0;

    if (transport->in < 0)
        return;
    if (len > 0)
        g_byte_array_append(transport->queue, bytes, (guint)len);
    if (idle && !flush(transport)) {
        close_input(transport);
        return;
    }
    if (transport->write == NULL)
        transport->write = attach(transport, transport->in, G_IO_OUT, on_writable);
}

void
mvm_transport_close_input(MvmTransport *transport)
{
    transport->close_input = true;
    mvm_transport_send(transport, NULL, 0);
}

static void
in_child(gpointer data)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    signal(SIGPIPE, SIG_DFL);
}

static bool
spawn(MvmTransport *transport, const char *const *argv, GError **error)
{
    GError *cause = NULL;
    int code = MVM_ERROR_FAILED;

    if (g_spawn_async_with_pipes(
            NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, in_child,
            NULL, &transport->pid, &transport->in, &transport->out, &transport->err, &cause))
        return true;
    if (g_error_matches(cause, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT))
        code = MVM_ERROR_HOST;
    g_set_error(error, MVM_ERROR, code, "cannot run '%s': %s", argv[0], cause->message);
    if (code == MVM_ERROR_HOST)
        mvm_error_set_hint(error, "install the program '%s', or name another with MACVM_SSH",
                           argv[0]);
    g_error_free(cause);
    return false;
}

MvmTransport *
mvm_transport_new(const char *const *argv, const char *what, GMainContext *context,
                  const MvmTransportEvents *events, void *data, GError **error)
{
    g_autoptr(MvmTransport) transport = g_new0(MvmTransport, 1);

    transport->refs = 1;
    transport->in = transport->out = transport->err = -1;
    transport->what = g_strdup(what);
    transport->context = g_main_context_ref(context);
    transport->events = *events;
    transport->data = data;
    transport->queue = g_byte_array_new();
    transport->said = g_string_new(NULL);
    if (!spawn(transport, argv, error))
        return NULL;
    g_unix_set_fd_nonblocking(transport->in, TRUE, NULL);
    g_unix_set_fd_nonblocking(transport->out, TRUE, NULL);
    g_unix_set_fd_nonblocking(transport->err, TRUE, NULL);
    transport->read = attach(transport, transport->out, G_IO_IN, on_readable);
    transport->read_err = attach(transport, transport->err, G_IO_IN, on_said);
    transport->wait = g_child_watch_source_new(transport->pid);
    g_source_set_callback(transport->wait, G_SOURCE_FUNC(on_reaped), transport, NULL);
    g_source_attach(transport->wait, context);
    return g_steal_pointer(&transport);
}

/* After SIGKILL the wait is short. */
static void
kill_and_forget(GPid pid)
{
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    g_spawn_close_pid(pid);
}

void
mvm_transport_free(MvmTransport *transport)
{
    if (transport == NULL)
        return;
    detach(&transport->wait);
    detach(&transport->read);
    detach(&transport->read_err);
    close_input(transport);
    close_fd(&transport->out);
    close_fd(&transport->err);
    if (transport->pid != 0)
        kill_and_forget(transport->pid);
    transport->pid = 0;
    unref(transport);
}
