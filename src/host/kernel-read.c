/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/kernel.h"

#include "util/command.h"
#include "util/file.h"
#include "util/ssh.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A large host's /proc/cpuinfo has some hundred KiB. */
#define MAX_FILE (4 * 1024 * 1024)

/* Of each file; the first processor of /proc/cpuinfo takes less than 30. */
#define MAX_LINES 64
#define MAX_LINES_TEXT "64"

#define MAX_GROUPS 256

#define CLOCK "/sys/devices/system/clocksource/clocksource0/"

static const char *const paths[] = {
    "/proc/cpuinfo",
    "/proc/cmdline",
    "/etc/os-release",
    CLOCK "current_clocksource",
    CLOCK "available_clocksource",
    MVM_KVM_IGNORE_MSRS,
    "/sys/module/kvm_intel/parameters/nested",
    "/sys/module/kvm_amd/parameters/nested",
    MVM_KVM_CONF,
    "/etc/modprobe.d/kvm.conf",
};

static void
add_file(GString *text, const char *root, const char *path)
{
    g_autofree char *real = g_build_filename(root, path, NULL);
    g_autofree char *content = mvm_file_read(real, MAX_FILE, NULL, NULL);
    g_auto(GStrv) lines = NULL;

    if (content == NULL)
        return;
    lines = g_strsplit(content, "\n", MAX_LINES + 1);
    for (guint i = 0; lines[i] != NULL && i < MAX_LINES; i++) {
        if (*lines[i] != '\0')
            g_string_append_printf(text, "%s:%s\n", path, lines[i]);
    }
}

static void
add_kvm_node(GString *text, const char *root)
{
    g_autofree char *path = g_build_filename(root, "dev", "kvm", NULL);
    struct stat st;

    if (stat(path, &st) < 0)
        return;
    g_string_append_printf(text, "kvm-node %o %u %u\n", (unsigned)(st.st_mode & 07777), st.st_uid,
                           st.st_gid);
    if (access(path, R_OK | W_OK) == 0)
        g_string_append(text, "kvm-open\n");
}

static void
add_msrs_mode(GString *text, const char *root)
{
    g_autofree char *path = g_build_filename(root, MVM_KVM_IGNORE_MSRS, NULL);
    struct stat st;

    if (stat(path, &st) == 0)
        g_string_append_printf(text, "msrs-mode %o\n", (unsigned)(st.st_mode & 07777));
}

static void
add_groups(GString *text, int64_t qemu_uid)
{
    struct passwd *user = qemu_uid >= 0 ? getpwuid((uid_t)qemu_uid) : NULL;
    gid_t groups[MAX_GROUPS];
    int count = MAX_GROUPS;

    if (user == NULL || getgrouplist(user->pw_name, user->pw_gid, groups, &count) < 0)
        return;
    g_string_append(text, "groups");
    for (int i = 0; i < count; i++)
        g_string_append_printf(text, " %u", groups[i]);
    g_string_append_c(text, '\n');
}

MvmKernel *
mvm_kernel_read(const char *root, int64_t qemu_uid)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
        add_file(text, root, paths[i]);
    add_kvm_node(text, root);
    add_msrs_mode(text, root);
    add_groups(text, qemu_uid);
    return mvm_kernel_parse(text->str);
}

/* For the login shell on the other side: words without anything special to any shell, and ";",
 * which all of them know. grep names each line's file; a file that is not there is no failure. */
static char *
remote_command(int64_t qemu_uid)
{
    GString *command = g_string_new("grep -s -H -m " MAX_LINES_TEXT " .");

    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
        g_string_append_printf(command, " %s", paths[i]);
    g_string_append(command, "; stat -c 'kvm-node %a %u %g' /dev/kvm; "
                             "stat -c 'msrs-mode %a' " MVM_KVM_IGNORE_MSRS "; "
                             "test -r /dev/kvm && test -w /dev/kvm && echo kvm-open; ");
    if (qemu_uid >= 0)
        g_string_append_printf(command, "printf 'groups '; id -G %" G_GINT64_FORMAT "; ", qemu_uid);
    g_string_append(command, "true");
    return g_string_free(command, FALSE);
}

MvmKernel *
mvm_kernel_read_ssh(const MvmEndpoint *endpoint, int64_t qemu_uid, GError **error)
{
    g_autofree char *script = remote_command(qemu_uid);
    const char *const command[] = {script, NULL};
    MvmSshCall call = mvm_endpoint_to_ssh(endpoint, MVM_SSH_ASKING);
    g_autoptr(GPtrArray) argv = mvm_ssh_argv(&call, command, error);
    g_autofree char *text = NULL;

    if (argv == NULL)
        return NULL;
    text = mvm_command_run((const char *const *)argv->pdata, error);
    if (text == NULL) {
        g_prefix_error(error, "cannot read the files of host '%s': ", endpoint->host);
        return NULL;
    }
    return mvm_kernel_parse(text);
}
