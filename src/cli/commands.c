/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"

#include <string.h>

#define GROUP_PREPARE "From nothing to a machine"
#define GROUP_MACHINE "Machines"
#define GROUP_POWER "Running a machine"
#define GROUP_PROGRAM "The program"

const MvmCommand mvm_commands[] = {
    {"bootstrap", NULL, GROUP_PREPARE, "[DIR]", "Clone or update OSX-KVM and patch it",
     "A checkout that is there is only fast-forwarded. Patches are those that macvm\n"
     "ships and yours (~/.config/macvm/patches/*.patch). Then does what 'macvm setup'\n"
     "does: from here on there is a machine to start.",
     0, 1, mvm_cmd_bootstrap},
    {"setup", NULL, GROUP_PREPARE, "[NAME]", "Make the host and a machine ready, in seven steps",
     "Skips what is done already. Commands that need root are shown, and run through\n"
     "sudo or pkexec only after a yes.",
     0, 1, mvm_cmd_setup},
    {"doctor", NULL, GROUP_PREPARE, "[NAME]", "Tell what is missing to run macOS, and the remedy",
     "Looks at the libvirt host of the connection, and changes nothing. To see whether\n"
     "KVM works it runs an empty machine for two seconds.",
     0, 1, mvm_cmd_doctor},
    {"fetch", NULL, GROUP_PREPARE, "[VERSION]", "Fetch Apple's recovery media of a macOS version",
     "VERSION is a number or a name (14, sonoma). The media goes into a storage volume\n"
     "of the libvirt host, or with --output into a local file; what is not signed by\n"
     "Apple is refused.",
     0, 1, mvm_cmd_fetch},
    {"define", NULL, GROUP_MACHINE, "[NAME]", "Define a machine, or bring one up to date",
     "A machine that exists is merged: what you changed in virt-manager or virsh\n"
     "stays, what macvm changes comes in, and where both changed the same nothing is\n"
     "done.",
     0, 1, mvm_cmd_define},
    {"set", NULL, GROUP_MACHINE, "NAME", "Change a machine that is defined",
     "On a running machine the change shows at its next start.", 1, 1, mvm_cmd_set},
    {"import", NULL, GROUP_MACHINE, "DIR|FILE [NAME]", "Take over a machine of another program",
     "Reads an OSX-KVM folder (its boot script), quickemu's .conf or a libvirt\n"
     "domain's XML, and copies the disks into the pool. Nothing there is run or\n"
     "changed; what cannot be taken over is listed.",
     1, 2, mvm_cmd_import},
    {"finish", NULL, GROUP_MACHINE, "[NAME]", "After the installation, take the recovery disk out",
     "A restart can then not begin the installer again. 'macvm set NAME --recovery on'\n"
     "brings the disk back.",
     0, 1, mvm_cmd_finish},
    {"config", NULL, GROUP_MACHINE, "get|set|unset NAME [KEY [VALUE]]",
     "Read or set a key of OpenCore's config.plist",
     "KEY is a path: UEFI.Output.Resolution, NVRAM.Add.GUID.boot-args,\n"
     "Kernel.Add.0.Enabled; a '.' within a key has a '\\' before it. Without a KEY, get\n"
     "prints the whole file. unset takes back what set did.",
     2, 4, mvm_cmd_config},
    {"opencore", NULL, GROUP_MACHINE, "update|rollback [NAME]",
     "Give a machine a newer OpenCore, or the one before",
     "update takes the OpenCore of the checkout, which 'macvm bootstrap' brings up to\n"
     "date. The machine stays the Mac that it is, and what was edited in config.plist\n"
     "stays edited. The OpenCore that it had is kept for rollback.",
     1, 2, mvm_cmd_opencore},
    {"undefine", NULL, GROUP_MACHINE, "[NAME]", "Forget a machine, with its NVRAM",
     "Its disks stay, unless --remove-storage is given; images that another machine\n"
     "uses stay anyway.",
     0, 1, mvm_cmd_undefine},
    {"up", "start", GROUP_POWER, "[NAME]", "Start a machine", NULL, 0, 1, mvm_cmd_up},
    {"down", "stop", GROUP_POWER, "[NAME]", "Shut a machine down",
     "Asks macOS by ssh where that answers, else by the power button, and waits until\n"
     "it is off.",
     0, 1, mvm_cmd_down},
    {"restart", NULL, GROUP_POWER, "[NAME]", "Shut a machine down and start it again",
     "QEMU starts anew, so that what was changed in the definition takes effect.", 0, 1,
     mvm_cmd_restart},
    {"status", NULL, GROUP_POWER, "[NAME]", "Tell what a machine does", NULL, 0, 1, mvm_cmd_status},
    {"list", NULL, GROUP_POWER, "", "List the machines", NULL, 0, 0, mvm_cmd_list},
    {"ssh", NULL, GROUP_POWER, "[NAME] [-- COMMAND...]", "Log in to a machine, or run a command",
     "Goes through the libvirt host when that is another machine. The exit status is\n"
     "ssh's own.",
     0, 1, mvm_cmd_ssh},
    {"view", NULL, GROUP_POWER, "[NAME]", "Open a viewer on a machine's screen", NULL, 0, 1,
     mvm_cmd_view},
    {"screenshot", NULL, GROUP_POWER, "[NAME] FILE.png", "Take a picture of a machine's screen",
     "FILE.png may be -, for standard output.", 1, 2, mvm_cmd_screenshot},
    {"log", NULL, GROUP_POWER, "[NAME]", "Show QEMU's log of a machine", NULL, 0, 1, mvm_cmd_log},
    {"clip", NULL, GROUP_POWER, "sync|push|pull|stop|status [NAME]",
     "Share the clipboard with a machine, or with any Mac",
     "sync keeps both clipboards the same until stop; push and pull copy once. What is\n"
     "on either clipboard when they meet stays where it is, and what a password\n"
     "manager marked is not sent.",
     1, 2, mvm_cmd_clip},
    {"completion", NULL, GROUP_PROGRAM, "bash|zsh|fish", "Print a completion script for a shell",
     NULL, 1, 1, mvm_cmd_completion},
    {"__complete", NULL, NULL, "[WORD...]", "Tell the completions of a command line", NULL, 0, -1,
     mvm_cmd_complete},
    {0},
};

/* Longer ones are no command's name with a slip in it. */
#define MAX_TYPED 20
#define MAX_SLIPS 2

/* How many letters were left out, put in, exchanged with their neighbour or mistaken for another
 * between a and b (optimal string alignment). */
static int
count_slips(const char *a, const char *b)
{
    int table[MAX_TYPED + 1][MAX_TYPED + 1];
    int rows = (int)strlen(a), columns = (int)strlen(b);

    if (rows > MAX_TYPED || columns > MAX_TYPED)
        return MAX_TYPED;
    for (int i = 0; i <= rows; i++) {
        for (int k = 0; k <= columns; k++) {
            int best = i == 0 ? k : i;

            if (i > 0 && k > 0) {
                best = table[i - 1][k - 1] + (a[i - 1] != b[k - 1]);
                best = MIN(best, 1 + MIN(table[i - 1][k], table[i][k - 1]));
                if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                    best = MIN(best, table[i - 2][k - 2] + 1);
            }
            table[i][k] = best;
        }
    }
    return table[rows][columns];
}

const char *
mvm_command_nearest(const char *name)
{
    const char *nearest = NULL;
    int least = MIN(MAX_SLIPS, (int)strlen(name) / 2) + 1;

    for (const MvmCommand *command = mvm_commands; command->name != NULL; command++) {
        const char *const words[] = {command->name, command->alias};

        for (size_t i = 0; i < G_N_ELEMENTS(words) && command->group != NULL; i++) {
            int slips = MAX_TYPED;

            if (words[i] == NULL)
                continue;
            slips = strlen(name) > 1 && g_str_has_prefix(words[i], name)
                        ? 0
                        : count_slips(name, words[i]);
            if (slips < least) {
                nearest = words[i];
                least = slips;
            }
        }
    }
    return nearest;
}

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
