/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/command.h"

#include "util/child.h"
#include "util/error.h"
#include "util/file.h"
#include "util/interrupt.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX (16 * 1024 * 1024)

static bool
cannot_run(const char *program, GError *cause, GError **error)
{
    int code = MVM_ERROR_FAILED;

    if (g_error_matches(cause, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT))
        code = MVM_ERROR_HOST;
    g_set_error(error, MVM_ERROR, code, "cannot run '%s': %s", program, cause->message);
    if (code == MVM_ERROR_HOST)
        mvm_error_set_hint(error, "install the program '%s'", program);
    g_error_free(cause);
    return false;
}

/* The last non-empty line of text, which this changes; "" when there is none. */
static const char *
last_line(char *text)
{
    char *line = NULL;

    g_strchomp(text);
    line = strrchr(text, '\n');
    return line != NULL ? line + 1 : text;
}

static bool
set_cut_off(const char *program, MvmChildRead read, int seconds, GError **error)
{
    g_autofree char *time = mvm_word_count(seconds, "second");

    if (read == MVM_CHILD_TOO_MUCH)
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "'%s' wrote too much", program);
    else if (mvm_interrupted())
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_CANCELLED, "interrupted");
    else
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "'%s' did not end within %s", program,
                    time);
    return false;
}

/* Reads what pid writes, and waits for its end. */
static bool
finish(GPid pid, int out, int err, const char *program, int seconds, GString *text, GError **error)
{
    gint64 deadline = seconds > 0 ? g_get_monotonic_time() + seconds * G_USEC_PER_SEC : G_MAXINT64;
    g_autoptr(GString) said = g_string_new(NULL);
    MvmChildRead read = mvm_child_read(out, err, OUTPUT_MAX, text, said, deadline);
    int status = read == MVM_CHILD_WHOLE ? mvm_child_reap(pid, deadline) : mvm_child_end(pid);
    const char *line = NULL;

    if (read != MVM_CHILD_WHOLE)
        return set_cut_off(program, read, seconds, error);
    if (g_spawn_check_wait_status(status, NULL))
        return true;
    line = last_line(said->str);
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "'%s' failed: %s", program,
                *line != '\0' ? line : "it gave no reason");
    return false;
}

char *
mvm_command_run_within(const char *const *argv, int seconds, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    GError *cause = NULL;
    mvm_autofd out = -1;
    mvm_autofd err = -1;
    GPid pid = 0;

    if (!g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
                                  G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid,
                                  NULL, &out, &err, &cause)) {
        cannot_run(argv[0], cause, error);
        return NULL;
    }
    if (!finish(pid, out, err, argv[0], seconds, text, error))
        return NULL;
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *
mvm_command_run(const char *const *argv, GError **error)
{
    return mvm_command_run_within(argv, MVM_COMMAND_SECONDS, error);
}

static void
restore_signals(gpointer unused)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
}

/* Writes text and closes the pipe. A child that does not read to the end is not an error. */
static void
feed(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = write(fd, text, left);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        text += n;
        left -= (size_t)n;
    }
    close(fd);
}

/* input NULL: the child has this process's stdin and stdout. GLib closes a descriptor that it is
 * told to use in the child, also when it is the very one: stdout is inherited or a copy of stderr.
 */
static bool
run_waiting(const char *const *argv, const char *input, int *ret_status, GError **error)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old_int, old_quit;
    mvm_autofd out = input == NULL ? -1 : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    GSpawnFlags flags = G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                        (input == NULL ? G_SPAWN_CHILD_INHERITS_STDIN : 0);
    GError *cause = NULL;
    GPid pid = 0;
    int status = 0, in = -1;
    bool started = false;

    sigaction(SIGINT, &ignore, &old_int);
    sigaction(SIGQUIT, &ignore, &old_quit);
    started = g_spawn_async_with_pipes_and_fds(NULL, argv, NULL, flags, restore_signals, NULL, -1,
                                               out, -1, NULL, NULL, 0, &pid,
                                               input == NULL ? NULL : &in, NULL, NULL, &cause);
    if (started && input != NULL)
        feed(in, input);
    while (started && waitpid(pid, &status, 0) < 0) {
        if (mvm_interrupted())
            kill(pid, SIGTERM);
    }
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGQUIT, &old_quit, NULL);
    if (!started)
        return cannot_run(argv[0], cause, error);
    *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
}

bool
mvm_command_run_foreground(const char *const *argv, int *ret_status, GError **error)
{
    return run_waiting(argv, NULL, ret_status, error);
}

bool
mvm_command_run_fed(const char *const *argv, const char *input, int *ret_status, GError **error)
{
    return run_waiting(argv, input != NULL ? input : "", ret_status, error);
}

static void
own_session(gpointer unused)
{
    setsid();
}

bool
mvm_command_launch(const char *const *argv, GError **error)
{
    GError *cause = NULL;

    if (!g_spawn_async(NULL, (char **)argv, NULL,
                       G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
                           G_SPAWN_STDERR_TO_DEV_NULL,
                       own_session, NULL, NULL, &cause))
        return cannot_run(argv[0], cause, error);
    return true;
}

bool
mvm_command_exists(const char *program)
{
    g_autofree char *path = g_find_program_in_path(program);

    return path != NULL;
}
