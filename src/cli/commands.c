/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"

#include <string.h>

#define GROUP_PREPARE "From nothing to a machine"
#define GROUP_PROGRAM "The program"

const MvmCommand mvm_commands[] = {
    {"bootstrap", NULL, GROUP_PREPARE, "[DIR]", "Clone or update OSX-KVM and patch it",
     "A checkout that is there is only fast-forwarded. Patches are those that macvm ships and the\n"
     "*.patch files of the user's configuration directory (~/.config/macvm/patches).",
     0, 1, mvm_cmd_bootstrap},
    {"completion", NULL, GROUP_PROGRAM, "bash|zsh|fish", "Print a completion script for a shell",
     NULL, 1, 1, mvm_cmd_completion},
    {"__complete", NULL, NULL, "[WORD...]", "Tell the completions of a command line", NULL, 0, -1,
     mvm_cmd_complete},
    {0},
};

const MvmCommand *
mvm_command_find(const char *name)
{
    for (const MvmCommand *command = mvm_commands; command->name != NULL; command++) {
        if (strcmp(command->name, name) == 0 ||
            (command->alias != NULL && strcmp(command->alias, name) == 0))
            return command;
    }
    return NULL;
}
