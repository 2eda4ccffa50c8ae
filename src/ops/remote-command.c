/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/remote-command.h"

#include "util/child.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

/* What a guest's shell and ssh may print. The end of it is kept. */
#define OUTPUT_MAX (1024 * 1024)
#define KEPT_MAX 4096

struct MvmRemoteCommand {
    GPid pid; /* 0: ended and waited for */
    int out;  /* owned; its end tells the program's */
    MvmCommandState state;
    GString *output; /* owned */
    size_t total;    /* bytes read */
};

/* In the child: one pipe for both. */
static void
join_outputs(gpointer unused)
{
    (void)dup2(STDOUT_FILENO, STDERR_FILENO);
}

MvmRemoteCommand *
mvm_remote_command_start(const char *const *argv)
{
    g_autoptr(MvmRemoteCommand) command = g_new0(MvmRemoteCommand, 1);

    command->out = -1;
    command->output = g_string_new(NULL);
    if (!g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
                                  G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, join_outputs,
                                  NULL, &command->pid, NULL, &command->out, NULL, NULL))
        return NULL;
    if (fcntl(command->out, F_SETFL, O_NONBLOCK) < 0)
        return NULL;
    return g_steal_pointer(&command);
}

void
mvm_remote_command_free(MvmRemoteCommand *command)
{
    if (command == NULL)
        return;
    mvm_close_fd(&command->out);
    if (command->pid != 0)
        (void)mvm_child_end(command->pid);
    g_string_free(command->output, TRUE);
    g_free(command);
}

int
mvm_remote_command_get_fd(const MvmRemoteCommand *command)
{
    return command->out;
}

const char *
mvm_remote_command_get_output(const MvmRemoteCommand *command)
{
    return command->output->str;
}

/* A piece at a time: whoever writes without an end must not keep the one that waits. */
static void
take_output(MvmRemoteCommand *command)
{
    char buf[4096];
    ssize_t n = 0;

    for (int i = 0; i < 16 && (n = read(command->out, buf, sizeof(buf))) > 0; i++) {
        g_string_append_len(command->output, buf, n);
        command->total += (size_t)n;
    }
    if (command->output->len > KEPT_MAX)
        g_string_erase(command->output, 0, (gssize)(command->output->len - KEPT_MAX));
    if (command->total > OUTPUT_MAX && command->pid != 0)
        kill(command->pid, SIGKILL);
}

MvmCommandState
mvm_remote_command_check(MvmRemoteCommand *command)
{
    int status = 0;

    take_output(command);
    if (command->pid != 0 && waitpid(command->pid, &status, WNOHANG) == command->pid) {
        command->pid = 0;
        take_output(command);
        command->state = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? MVM_COMMAND_SUCCEEDED
                                                                       : MVM_COMMAND_FAILED;
    }
    return command->state;
}
