/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/children.h"

#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ssh with its proxies and what these start. */
#define DEPTH_MAX 8

/* Calls visit for each child that thread tid (0: any) of process pid started, until it returns
 * true, and returns that. */
static bool
each_child(pid_t pid, pid_t tid, bool (*visit)(pid_t child, int depth), int depth)
{
    g_autofree char *tasks = g_strdup_printf("/proc/%d/task", (int)pid);
    g_autoptr(GDir) dir = g_dir_open(tasks, 0, NULL);
    const char *name = NULL;
    bool found = false;

    while (!found && dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(tasks, name, "children", NULL);
        g_autofree char *text = NULL;
        g_auto(GStrv) words = NULL;

        if ((tid != 0 && atoi(name) != tid) || !g_file_get_contents(path, &text, NULL, NULL))
            continue;
        words = g_strsplit(text, " ", -1);
        for (char **word = words; !found && *word != NULL; word++)
            found = **word != '\0' && visit(atoi(*word), depth);
    }
    return found;
}

static bool
terminate(pid_t child, int depth)
{
    if (child > 0 && getsid(child) == getsid(0)) /* kill(0) would reach the whole group */
        kill(child, SIGTERM);
    return false;
}

void
mvm_children_terminate(pid_t tid)
{
    (void)each_child(getpid(), tid, terminate, 0);
}

static bool
has_terminal_open(pid_t pid)
{
    g_autofree char *fds = g_strdup_printf("/proc/%d/fd", (int)pid);
    g_autoptr(GDir) dir = g_dir_open(fds, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(fds, name, NULL);
        g_autofree char *target = g_file_read_link(path, NULL);

        if (g_strcmp0(target, "/dev/tty") == 0)
            return true;
    }
    return false;
}

/* The kernel cuts names at 15 characters: "gnome-ssh-askpa". */
static bool
is_askpass(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/comm", (int)pid);
    g_autofree char *name = NULL;

    return g_file_get_contents(path, &name, NULL, NULL) && strstr(name, "askpa") != NULL;
}

static bool
asks(pid_t pid, int depth)
{
    return has_terminal_open(pid) || is_askpass(pid) ||
           (depth < DEPTH_MAX && each_child(pid, 0, asks, depth + 1));
}

bool
mvm_children_ask(pid_t tid)
{
    return each_child(getpid(), tid, asks, 0);
}
