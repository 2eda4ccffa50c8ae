/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/control.h"

#include "util/error.h"
#include "util/file.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define REQUEST_MS 2000 /* for a client's one line */

struct MvmControl {
    GMainContext *context; /* a reference */
    MvmControlFunc func;
    void *data;
    char *path; /* owned */
    int fd;
    GSource *listen; /* owned */
    GQueue requests; /* of MvmControlRequest, owned */
};

struct MvmControlRequest {
    MvmControl *control; /* borrowed */
    int fd;
    GSource *read, *deadline; /* owned, or NULL */
    char word[MVM_CONTROL_WORD_MAX];
    size_t len;
};

static bool
set_address(const char *path, struct sockaddr_un *ret_address, GError **error)
{
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (g_strlcpy(ret_address->sun_path, path, sizeof(ret_address->sun_path)) >=
        sizeof(ret_address->sun_path)) {
        errno = ENAMETOOLONG;
        return mvm_error_set_errno(error, "use", path);
    }
    return true;
}

static void
drop(GSource **source)
{
    if (*source == NULL)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static void
request_free(MvmControlRequest *request)
{
    g_queue_remove(&request->control->requests, request);
    drop(&request->read);
    drop(&request->deadline);
    mvm_close_fd(&request->fd);
    g_free(request);
}

/* An answer fits into the socket's buffer; a client that does not read has no right to more. */
void
mvm_control_answer(MvmControlRequest *request, const char *text)
{
    size_t len = strlen(text);

    while (len > 0) {
        ssize_t n = send(request->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        text += n;
        len -= (size_t)n;
    }
    request_free(request);
}

static gboolean
on_deadline(gpointer data)
{
    request_free(data);
    return G_SOURCE_REMOVE;
}

static gboolean
on_line(int fd, GIOCondition condition, gpointer data)
{
    MvmControlRequest *request = data;
    size_t room = sizeof(request->word) - 1 - request->len;
    ssize_t n = read(fd, request->word + request->len, room);
    char *end = NULL;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (n <= 0) {
        request_free(request);
        return G_SOURCE_REMOVE;
    }
    request->len += (size_t)n;
    end = memchr(request->word, '\n', request->len);
    if (end == NULL && request->len < sizeof(request->word) - 1)
        return G_SOURCE_CONTINUE;
    if (end == NULL) {
        mvm_control_answer(request, "error the request is too long\n");
        return G_SOURCE_REMOVE;
    }
    *end = '\0';
    drop(&request->read);
    drop(&request->deadline);
    request->control->func(request, request->word, request->control->data);
    return G_SOURCE_REMOVE;
}

/* The folder's mode keeps others out already. */
static bool
is_own_user(int fd)
{
    struct ucred peer = {0};
    socklen_t len = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == getuid() || peer.uid == 0);
}

static gboolean
on_client(int fd, GIOCondition condition, gpointer data)
{
    MvmControl *control = data;
    mvm_autofd client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    MvmControlRequest *request = NULL;

    if (client < 0 || !is_own_user(client) ||
        g_queue_get_length(&control->requests) >= MVM_CONTROL_CLIENTS_MAX)
        return G_SOURCE_CONTINUE;
    request = g_new0(MvmControlRequest, 1);
    request->control = control;
    request->fd = mvm_steal_fd(&client);
    request->read = g_unix_fd_source_new(request->fd, G_IO_IN);
    g_source_set_callback(request->read, G_SOURCE_FUNC(on_line), request, NULL);
    g_source_attach(request->read, control->context);
    request->deadline = g_timeout_source_new(REQUEST_MS);
    g_source_set_callback(request->deadline, on_deadline, request, NULL);
    g_source_attach(request->deadline, control->context);
    g_queue_push_tail(&control->requests, request);
    return G_SOURCE_CONTINUE;
}

static int
open_socket(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    mvm_autofd fd = -1;
    struct sockaddr_un address;

    if (!set_address(path, &address, error) || !mvm_file_make_private_dir(folder, error))
        return -1;
    (void)unlink(path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        chmod(path, 0600) < 0 || listen(fd, MVM_CONTROL_CLIENTS_MAX) < 0) {
        mvm_error_set_errno(error, "listen at", path);
        return -1;
    }
    return mvm_steal_fd(&fd);
}

MvmControl *
mvm_control_new(const char *path, GMainContext *context, MvmControlFunc func, void *data,
                GError **error)
{
    mvm_autofd fd = open_socket(path, error);
    MvmControl *control = NULL;

    if (fd < 0)
        return NULL;
    control = g_new0(MvmControl, 1);
    control->context = g_main_context_ref(context);
    control->func = func;
    control->data = data;
    control->path = g_strdup(path);
    control->fd = mvm_steal_fd(&fd);
    control->listen = g_unix_fd_source_new(control->fd, G_IO_IN);
    g_source_set_callback(control->listen, G_SOURCE_FUNC(on_client), control, NULL);
    g_source_attach(control->listen, context);
    return control;
}

void
mvm_control_free(MvmControl *control)
{
    if (control == NULL)
        return;
    (void)unlink(control->path);
    drop(&control->listen);
    mvm_close_fd(&control->fd);
    while (!g_queue_is_empty(&control->requests))
        request_free(g_queue_peek_head(&control->requests));
    g_main_context_unref(control->context);
    g_free(control->path);
    g_free(control);
}

/* A socket to the agent at path, with timeouts. A file that nobody listens at is no agent. */
static int
connect_to(const char *path, unsigned timeout_ms, GError **error)
{
    struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    struct sockaddr_un address;
    mvm_autofd fd = -1;

    if (!set_address(path, &address, error))
        return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) == 0 &&
        connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return mvm_steal_fd(&fd);
    if (errno == ENOENT || errno == ECONNREFUSED)
        g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                    "cannot reach 'the clipboard agent': it is not running");
    else
        mvm_error_set_errno(error, "reach", "the clipboard agent");
    return -1;
}

/* What the agent said instead of "ok". */
static void
set_refusal(const char *answer, GError **error)
{
    g_autofree char *message = mvm_control_get(answer, "error");
    g_autofree char *code = mvm_control_get(answer, "code");

    if (message != NULL)
        g_set_error_literal(error, MVM_ERROR,
                            code != NULL ? (int)g_ascii_strtoll(code, NULL, 10) : MVM_ERROR_FAILED,
                            message);
    else
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_FAILED,
                            "cannot reach 'the clipboard agent': it ended without an answer");
}

static char *
read_answer(int fd, GError **error)
{
    g_autoptr(GString) answer = g_string_new(NULL);
    char buffer[1024];
    ssize_t n = 0;

    while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0 && answer->len < MVM_CONTROL_ANSWER_MAX)
        g_string_append_len(answer, buffer, n);
    if (n < 0) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot reach 'the clipboard agent': it does not answer");
        return NULL;
    }
    return g_string_free(g_steal_pointer(&answer), FALSE);
}

char *
mvm_control_ask(const char *path, const char *word, unsigned timeout_ms, bool *ret_there,
                GError **error)
{
    g_autoptr(GError) cause = NULL;
    mvm_autofd fd = connect_to(path, timeout_ms, &cause);
    g_autofree char *line = g_strconcat(word, "\n", NULL);
    g_autofree char *answer = NULL;

    if (ret_there != NULL)
        *ret_there = !g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND);
    if (fd < 0) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    if (send(fd, line, strlen(line), MSG_NOSIGNAL) != (ssize_t)strlen(line)) {
        mvm_error_set_errno(error, "reach", "the clipboard agent");
        return NULL;
    }
    answer = read_answer(fd, error);
    if (answer == NULL || g_str_has_prefix(answer, "ok\n"))
        return g_steal_pointer(&answer);
    set_refusal(answer, error);
    return NULL;
}

char *
mvm_control_get(const char *answer, const char *key)
{
    g_auto(GStrv) lines = g_strsplit(answer, "\n", -1);
    size_t len = strlen(key);

    for (size_t i = 0; lines[i] != NULL; i++) {
        if (strncmp(lines[i], key, len) == 0 && lines[i][len] == ' ')
            return g_strdup(lines[i] + len + 1);
    }
    return NULL;
}
