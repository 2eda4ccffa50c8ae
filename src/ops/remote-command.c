/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/remote-command.h"

#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

struct MvmRemoteCommand {
    GPid pid; /* 0: ended and waited for */
    int out;  /* owned; its end tells the program's */
    MvmCommandState state;
};

MvmRemoteCommand *
mvm_remote_command_start(const char *const *argv)
{
    g_autoptr(MvmRemoteCommand) command = g_new0(MvmRemoteCommand, 1);

    command->out = -1;
    if (!g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
                                  G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                      G_SPAWN_STDERR_TO_DEV_NULL,
                                  NULL, NULL, &command->pid, NULL, &command->out, NULL, NULL))
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
    if (command->pid != 0) {
        kill(command->pid, SIGTERM);
        while (waitpid(command->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    mvm_close_fd(&command->out);
    g_free(command);
}

int
mvm_remote_command_get_fd(const MvmRemoteCommand *command)
{
    return command->out;
}

MvmCommandState
mvm_remote_command_check(MvmRemoteCommand *command)
{
    char discard[256];
    int status = 0;

    while (read(command->out, discard, sizeof(discard)) > 0)
        ;
    if (command->pid != 0 && waitpid(command->pid, &status, WNOHANG) == command->pid) {
        command->pid = 0;
        command->state = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? MVM_COMMAND_SUCCEEDED
                                                                       : MVM_COMMAND_FAILED;
    }
    return command->state;
}
