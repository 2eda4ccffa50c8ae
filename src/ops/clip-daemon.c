/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/clip-daemon.h"

#include "util/error.h"
#include "util/file.h"
#include "util/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#define MESSAGE_MAX 8192 /* bytes of "WORD CODE NUL TEXT NUL HINT NUL" */

/* One field after another, each ended by NUL: a message may hold anything else. */
static void
tell(int fd, const char *word, const GError *error)
{
    g_autoptr(GString) message = g_string_new(word);
    const char *hint = error != NULL ? mvm_error_get_hint(error) : NULL;
    int code = error != NULL && error->domain == MVM_ERROR ? error->code : MVM_ERROR_FAILED;

    if (fd < 0)
        return;
    g_string_append_printf(message, " %d", code);
    g_string_append_c(message, '\0');
    g_string_append(message, error != NULL ? error->message : "");
    g_string_append_c(message, '\0');
    g_string_append(message, hint != NULL ? hint : "");
    g_string_append_c(message, '\0');
    while (write(fd, message->str, message->len) < 0 && errno == EINTR)
        ;
    close(fd);
}

void
mvm_clip_daemon_tell_ready(int fd, const GError *error)
{
    tell(fd, "ready", error);
}

void
mvm_clip_daemon_tell_failed(int fd, const GError *error)
{
    tell(fd, "failed", error);
}

/* A background process that died without a word, or was interrupted. */
static bool
no_word(const char *log, bool interrupted, GError **error)
{
    if (interrupted) {
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_CANCELLED, "interrupted");
        return false;
    }
    g_set_error_literal(error, MVM_ERROR, MVM_ERROR_FAILED,
                        "cannot start 'the clipboard agent': it ended at once");
    mvm_error_set_hint(error, "see '%s'", log);
    return false;
}

static bool
heed(const char *message, size_t len, char **ret_note, GError **error)
{
    const char *text = message + strlen(message) + 1;
    const char *hint = text + strlen(text) + 1;
    int code = MVM_ERROR_FAILED;

    if (g_str_has_prefix(message, "ready ")) {
        *ret_note = *text != '\0' ? g_strdup(text) : NULL;
        return true;
    }
    if (g_str_has_prefix(message, "failed "))
        code = (int)g_ascii_strtoll(message + strlen("failed "), NULL, 10);
    g_set_error_literal(error, MVM_ERROR, code, text);
    if (hint < message + len && *hint != '\0')
        mvm_error_set_hint(error, "%s", hint);
    return false;
}

/* Reads what the background process says; its NULs and one more at the end make all of it strings.
 */
static bool
wait_for_word(int fd, GPid pid, const char *log, char **ret_note, GError **error)
{
    char message[MESSAGE_MAX + 3] = {0};
    size_t len = 0;
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN},
                           {.fd = mvm_interrupt_fd(), .events = POLLIN}};

    while (len < MESSAGE_MAX) {
        ssize_t n = 0;

        if (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
            continue;
        if (mvm_interrupted()) {
            kill(pid, SIGTERM);
            return no_word(log, true, error);
        }
        n = read(fd, message + len, MESSAGE_MAX - len);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    return len > 0 ? heed(message, len, ret_note, error) : no_word(log, false, error);
}

static void
in_child(gpointer data)
{
    setsid();
}

static bool
spawn(const char *const *args, int log, int ready, GPid *ret_pid, GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    const int source_fds[] = {ready}, target_fds[] = {MVM_CLIP_READY_FD};
    g_autofree char *self = g_file_read_link("/proc/self/exe", error);
    mvm_autofd null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (self == NULL)
        return false;
    g_ptr_array_add(argv, self);
    for (; *args != NULL; args++)
        g_ptr_array_add(argv, (char *)*args);
    g_ptr_array_add(argv, NULL);
    return g_spawn_async_with_pipes_and_fds(
        NULL, (const char *const *)argv->pdata, NULL, G_SPAWN_DEFAULT, in_child, NULL, null, log,
        log, source_fds, target_fds, 1, ret_pid, NULL, NULL, NULL, error);
}

bool
mvm_clip_daemon_start(const char *const *args, const char *log, char **ret_note, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(log);
    mvm_autofd out = -1;
    int ends[2] = {-1, -1};
    GPid pid = 0;
    bool ok = false;

    *ret_note = NULL;
    if (!mvm_file_make_private_dir(folder, error))
        return false;
    out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (out < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return mvm_error_set_errno(error, "write", log);
    ok = spawn(args, out, ends[1], &pid, error);
    close(ends[1]);
    ok = ok && wait_for_word(ends[0], pid, log, ret_note, error);
    close(ends[0]);
    return ok;
}
