/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/log.h"

#include "util/child.h"
#include "util/command.h"
#include "util/error.h"
#include "util/file.h"
#include "util/interrupt.h"
#include "util/redact.h"
#include "util/ssh.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define SYSTEM_LOGS "/var/log/libvirt/qemu"
#define SESSION_LOGS "libvirt/qemu/log"

/* A line longer than this is given in pieces. QEMU's command line is one of some KiB. */
#define LINE_MAX_LEN (64 * 1024)

/* What is given in pieces counts as several lines; who sends more than these does not stop. */
#define SPARE_LINES 16

/* This much of the end of a log is searched for libvirt's "starting up" and complaints after it. */
#define START_LINES 2000

#define START_MARK ": starting up libvirt"
#define END_MARK ": shutting down, reason="

typedef struct {
    bool (*line)(const char *text, void *opaque);
    void *opaque;
    int left;         /* lines that are still expected; -1: any number */
    gint64 deadline;  /* monotonic microseconds; G_MAXINT64: none */
    bool enough;      /* line wants no more, or there are more than were asked for */
    GString *pending; /* the line that is not at its end yet; owned */
    MvmRedaction redaction;
} Reader;

/* On another host, the session's folder is taken from the home directory, where ssh begins. */
static char *
log_path(MvmConnection *conn, const char *name)
{
    g_autofree char *file = g_strconcat(name, ".log", NULL);

    if (!mvm_connection_is_session(conn))
        return g_build_filename(SYSTEM_LOGS, file, NULL);
    if (mvm_connection_get_endpoint(conn)->remote)
        return g_build_filename(".cache", SESSION_LOGS, file, NULL);
    return g_build_filename(g_get_user_cache_dir(), SESSION_LOGS, file, NULL);
}

static bool
check_local(const char *path, const char *name, GError **error)
{
    if (access(path, R_OK) == 0)
        return true;
    if (errno == ENOENT) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                    "cannot read the log of '%s': it has never been started", name);
        return false;
    }
    mvm_error_set_errno(error, "read the log", path);
    mvm_error_set_hint(error, "QEMU's logs of the system's libvirt belong to root");
    return false;
}

/* tail, here or on the libvirt host. ssh joins its arguments with spaces for the shell there, so
 * that each word is quoted for it. */
static GPtrArray *
tail_argv(MvmConnection *conn, const char *path, const MvmLogOptions *options, GError **error)
{
    const MvmEndpoint *endpoint = mvm_connection_get_endpoint(conn);
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *lines = g_strdup_printf("%d", options->lines);
    const char *const words[] = {"tail", "-n", lines, options->follow ? "-F" : "--", path};
    MvmSshCall call = {0};

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        g_ptr_array_add(argv, endpoint->remote ? g_shell_quote(words[i]) : g_strdup(words[i]));
    g_ptr_array_add(argv, NULL);
    if (!endpoint->remote)
        return g_steal_pointer(&argv);
    call = mvm_endpoint_to_ssh(endpoint, MVM_SSH_ASKING);
    return mvm_ssh_argv(&call, (const char *const *)argv->pdata, error);
}

static void
give_line(Reader *reader)
{
    g_autofree char *text = mvm_redact_line(reader->pending->str, &reader->redaction);

    if (reader->left > 0)
        reader->left--;
    reader->enough = reader->enough || reader->left == 0 || !reader->line(text, reader->opaque);
    g_string_truncate(reader->pending, 0);
}

static void
take(Reader *reader, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '\n' || reader->pending->len >= LINE_MAX_LEN)
            give_line(reader);
        if (data[i] != '\n')
            g_string_append_c(reader->pending, data[i]);
    }
}

/* Reads until the end, Ctrl-C, the deadline, or nobody wants more. */
static void
pump(Reader *reader, int fd)
{
    char buf[8192];

    while (!reader->enough && mvm_child_wait_fd(fd, POLLIN, reader->deadline)) {
        ssize_t n = read(fd, buf, sizeof(buf));

        if (n == 0 || (n < 0 && errno != EINTR))
            break;
        if (n > 0)
            take(reader, buf, (size_t)n);
    }
    if (reader->pending->len > 0)
        give_line(reader);
}

static bool
run_tail(const char *const *argv, Reader *reader, int *ret_status, GError **error)
{
    mvm_autofd out = -1;
    GError *cause = NULL;
    GPid pid = 0;

    if (!g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
                                  G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                      G_SPAWN_STDERR_TO_DEV_NULL,
                                  NULL, NULL, &pid, NULL, &out, NULL, &cause)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_HOST, "cannot run '%s': %s", argv[0],
                    cause->message);
        g_error_free(cause);
        return false;
    }
    pump(reader, out);
    mvm_close_fd(&out);
    out = -1;
    *ret_status = reader->enough ? mvm_child_end(pid) : mvm_child_reap(pid, reader->deadline);
    return true;
}

bool
mvm_log_read(const MvmContext *context, const char *name, const MvmLogOptions *options,
             bool (*line)(const char *text, void *opaque), void *opaque, GError **error)
{
    const MvmEndpoint *endpoint = mvm_connection_get_endpoint(context->conn);
    g_autoptr(MvmDomain) domain = mvm_domain_open(context->conn, name, error);
    g_autofree char *path = log_path(context->conn, name);
    g_autoptr(GPtrArray) argv = NULL;
    g_autoptr(GString) pending = g_string_new(NULL);
    Reader reader = {
        .line = line, .opaque = opaque, .pending = pending, .left = -1, .deadline = G_MAXINT64};
    int status = 0;

    if (!options->follow) {
        reader.left = options->lines + SPARE_LINES;
        reader.deadline = g_get_monotonic_time() + MVM_COMMAND_SECONDS * G_USEC_PER_SEC;
    }
    if (domain == NULL || (!endpoint->remote && !check_local(path, name, error)))
        return false;
    if (endpoint->remote && !endpoint->over_ssh) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                    "cannot read the log of '%s': the connection '%s' does not go through ssh",
                    name, endpoint->uri);
        return false;
    }
    argv = tail_argv(context->conn, path, options, error);
    if (argv == NULL || !run_tail((const char *const *)argv->pdata, &reader, &status, error))
        return false;
    if (status == 0 || mvm_interrupted() || reader.enough)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot read the log of '%s': '%s' on the libvirt host cannot be read", name, path);
    mvm_error_set_hint(error, "it is there once the machine was started; on the system's libvirt "
                              "it belongs to root");
    return false;
}

/* Only the last start counts; what QEMU wrote on its way to an orderly end is no complaint. */
static bool
keep_complaint(const char *text, void *opaque)
{
    char **last = opaque;
    const char *found = strstr(text, "qemu-system-");
    const char *end = strstr(text, END_MARK);

    if (strstr(text, START_MARK) != NULL ||
        (end != NULL && !g_str_has_prefix(end + strlen(END_MARK), "failed") &&
         !g_str_has_prefix(end + strlen(END_MARK), "crashed")))
        g_clear_pointer(last, g_free);
    /* The line with QEMU's command begins with a path; what QEMU only warns of has not ended it. */
    if (found == NULL || strstr(found, ": warning: ") != NULL || strstr(text, ": ") == NULL ||
        g_str_has_prefix(text, "/"))
        return true;
    g_free(*last);
    *last = g_strdup(found);
    return true;
}

char *
mvm_log_last_error(MvmDomain *domain)
{
    MvmConnection *conn = mvm_domain_get_connection(domain);
    const MvmLogOptions options = {.lines = START_LINES};
    MvmContext context = mvm_context(conn, NULL);
    char *last = NULL;

    (void)mvm_log_read(&context, mvm_domain_get_name(domain), &options, keep_complaint, &last,
                       NULL);
    return last;
}

/* "2026-11-23 20:20:20.123+0000: starting up libvirt version: 9.0.0, ..." */
static bool
keep_start(const char *text, void *opaque)
{
    GDateTime **last = opaque;
    const char *found = strstr(text, START_MARK);
    g_autofree char *stamp = found != NULL ? g_strndup(text, (gsize)(found - text)) : NULL;
    GDateTime *time = NULL;

    if (stamp == NULL)
        return true;
    g_strdelimit(stamp, " ", 'T');
    time = g_date_time_new_from_iso8601(stamp, NULL);
    if (time == NULL)
        return true;
    g_clear_pointer(last, g_date_time_unref);
    *last = time;
    return true;
}

int64_t
mvm_log_uptime(MvmDomain *domain)
{
    const MvmLogOptions options = {.lines = START_LINES};
    MvmContext context = mvm_context(mvm_domain_get_connection(domain), NULL);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    GDateTime *start = NULL;
    int64_t seconds = -1;

    if (mvm_log_read(&context, mvm_domain_get_name(domain), &options, keep_start, &start, NULL) &&
        start != NULL)
        seconds = MAX(g_date_time_difference(now, start) / G_TIME_SPAN_SECOND, 0);
    g_clear_pointer(&start, g_date_time_unref);
    return seconds;
}
