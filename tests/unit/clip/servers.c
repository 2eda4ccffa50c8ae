/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "watcher.h"

#include "util/command.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX ((size_t)64 << 20)
#define SWAY_UID 1000 /* sway refuses to run as root */

bool
clip_need(const char *program)
{
    g_autofree char *reason = g_strdup_printf("%s is not installed", program);

    if (mvm_command_exists(program))
        return true;
    g_test_skip(reason);
    return false;
}

static void
end_with_parent(void *data)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
}

static char **
environment(const char *const *variables)
{
    char **env = g_get_environ();

    for (; variables != NULL && *variables != NULL; variables++) {
        g_auto(GStrv) parts = g_strsplit(*variables, "=", 2);

        env = g_environ_setenv(env, parts[0], parts[1], TRUE);
    }
    return env;
}

GPid
clip_spawn(const char *const *argv, const char *const *variables, int *ret_stdin)
{
    g_auto(GStrv) env = environment(variables);
    g_autoptr(GError) error = NULL;
    GPid pid = 0;

    g_spawn_async_with_pipes(NULL, (char **)argv, env,
                             G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                 G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                             end_with_parent, NULL, &pid, ret_stdin, NULL, NULL, &error);
    g_assert_no_error(error);
    return pid;
}

void
clip_kill(GPid pid, int sig)
{
    kill(pid, sig);
    while (waitpid(pid, NULL, 0) < 0)
        ;
}

/* Moves what can be moved now; true when input is written whole. */
static bool
feed(int *fd, GBytes *input, size_t *at)
{
    size_t size = 0;
    const char *data = input != NULL ? g_bytes_get_data(input, &size) : NULL;
    ssize_t put = 0;

    while (*at < size && (put = write(*fd, data + *at, size - *at)) > 0)
        *at += (size_t)put;
    if (*at == size && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    return *at == size;
}

/* Appends what is there; false at the end. */
static bool
drain(int fd, GByteArray *output)
{
    uint8_t piece[65536];
    ssize_t got = 0;

    while ((got = read(fd, piece, sizeof(piece))) > 0) {
        g_byte_array_append(output, piece, (unsigned)got);
        g_assert_cmpuint(output->len, <=, OUTPUT_MAX);
    }
    return got != 0;
}

GBytes *
clip_run(ClipWatcher *watcher, const char *const *argv, const char *const *variables, GBytes *input)
{
    g_auto(GStrv) env = environment(variables);
    g_autoptr(GError) error = NULL;
    GByteArray *output = g_byte_array_new();
    int in = -1, out = -1, status = 0;
    size_t at = 0;
    GPid pid = 0;

    signal(SIGPIPE, SIG_IGN);
    g_spawn_async_with_pipes(NULL, (char **)argv, env,
                             G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                 G_SPAWN_STDERR_TO_DEV_NULL,
                             end_with_parent, NULL, &pid, &in, &out, NULL, &error);
    g_assert_no_error(error);
    g_unix_set_fd_nonblocking(in, TRUE, NULL);
    g_unix_set_fd_nonblocking(out, TRUE, NULL);
    CLIP_WAIT(watcher, feed(&in, input, &at));
    /* A program that goes to the background keeps its stdout open: its first process counts. */
    CLIP_WAIT(watcher, (drain(out, output), waitpid(pid, &status, WNOHANG) == pid));
    drain(out, output);
    close(out);
    g_assert_cmpint(status, ==, 0);
    return g_byte_array_free_to_bytes(output);
}

unsigned
clip_count_fds(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned n = 0;

    while (g_dir_read_name(dir) != NULL)
        n++;
    return n;
}

/* Reads the display number that Xvfb writes once it accepts clients. */
static char *
read_display(int fd)
{
    char text[16] = "";
    size_t used = 0;
    ssize_t got = 0;

    while (used < sizeof(text) - 1 && strchr(text, '\n') == NULL &&
           (got = read(fd, text + used, sizeof(text) - 1 - used)) > 0)
        used += (size_t)got;
    g_assert_cmpuint(used, >, 0);
    return g_strdup_printf(":%s", g_strchomp(text));
}

ClipServer *
clip_xvfb_new(void)
{
    ClipServer *server = NULL;
    g_autofree char *number = NULL;
    int fds[2];

    if (!clip_need("Xvfb"))
        return NULL;
    server = g_new0(ClipServer, 1);
    g_assert_cmpint(pipe(fds), ==, 0);
    fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    number = g_strdup_printf("%d", fds[1]);
    {
        const char *argv[] = {"Xvfb",     "-displayfd", number, "-screen",  "0",
                              "64x64x24", "-nolisten",  "tcp",  "-noreset", NULL};
        g_autoptr(GError) error = NULL;

        g_spawn_async(NULL, (char **)argv, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                          G_SPAWN_LEAVE_DESCRIPTORS_OPEN | G_SPAWN_STDOUT_TO_DEV_NULL |
                          G_SPAWN_STDERR_TO_DEV_NULL,
                      end_with_parent, NULL, &server->pid, &error);
        g_assert_no_error(error);
    }
    close(fds[1]);
    server->name = read_display(fds[0]);
    close(fds[0]);
    server->variable = g_strconcat("DISPLAY=", server->name, NULL);
    return server;
}

/* The file is there before anybody listens on it. */
static bool
is_answered(const char *socket_path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answered = false;

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpuint(g_strlcpy(address.sun_path, socket_path, sizeof(address.sun_path)), <,
                     sizeof(address.sun_path));
    answered = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return answered;
}

/* The socket on which sway listens in dir, or NULL. */
static char *
find_socket(const char *dir_path)
{
    g_autoptr(GDir) dir = g_dir_open(dir_path, 0, NULL);
    const char *name = NULL;

    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(dir_path, name, NULL);

        if (g_str_has_prefix(name, "wayland-") && !g_str_has_suffix(name, ".lock") &&
            is_answered(path))
            return g_steal_pointer(&path);
    }
    return NULL;
}

static void
be_a_user(void *data)
{
    end_with_parent(data);
    if (geteuid() == 0 && (setgid(SWAY_UID) != 0 || setuid(SWAY_UID) != 0))
        _exit(127);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of the uid clears it */
}

ClipServer *
clip_sway_new(void)
{
    ClipServer *server = NULL;
    g_autofree char *config = NULL, *runtime = NULL;
    g_auto(GStrv) env = NULL;
    g_autoptr(GError) error = NULL;

    if (!clip_need("sway"))
        return NULL;
    server = g_new0(ClipServer, 1);
    server->dir = g_dir_make_tmp("macvm-sway-XXXXXX", &error);
    g_assert_no_error(error);
    config = g_build_filename(server->dir, "config", NULL);
    g_assert_true(g_file_set_contents(config, "xwayland disable\n", -1, NULL));
    if (geteuid() == 0)
        g_assert_cmpint(chown(server->dir, SWAY_UID, SWAY_UID), ==, 0);
    runtime = g_strconcat("XDG_RUNTIME_DIR=", server->dir, NULL);
    env = environment((const char *[]){runtime, "WLR_BACKENDS=headless", "WLR_RENDERER=pixman",
                                       "WLR_LIBINPUT_NO_DEVICES=1", NULL});
    env = g_environ_unsetenv(g_environ_unsetenv(env, "WAYLAND_DISPLAY"), "DISPLAY");
    g_spawn_async(NULL, (char **)(const char *[]){"sway", "-c", config, NULL}, env,
                  G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL |
                      G_SPAWN_STDERR_TO_DEV_NULL,
                  be_a_user, NULL, &server->pid, &error);
    g_assert_no_error(error);
    for (int i = 0; server->name == NULL && i < CLIP_DEADLINE_S * 100; i++) {
        g_usleep(10000);
        server->name = find_socket(server->dir);
    }
    g_assert_nonnull(server->name);
    server->variable = g_strconcat("WAYLAND_DISPLAY=", server->name, NULL);
    return server;
}

static void
remove_dir(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        g_remove(file);
    }
    g_rmdir(path);
}

void
clip_server_free(ClipServer *server)
{
    if (server == NULL)
        return;
    if (server->pid > 0)
        clip_kill(server->pid, SIGTERM);
    if (server->dir != NULL)
        remove_dir(server->dir);
    g_free(server->dir);
    g_free(server->variable);
    g_free(server->name);
    g_free(server);
}
