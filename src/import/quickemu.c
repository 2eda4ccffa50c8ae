/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/shell.h"
#include "import/source.h"
#include "util/error.h"
#include "util/secret.h"

#include <string.h>

/* What quickemu gives the guest's ssh when the configuration does not say. */
#define DEFAULT_SSH_PORT "22220"
/* quickemu names no address, and this is QEMU's own for the first card (net/net.c). */
#define QEMU_FIRST_MAC "52:54:00:12:34:56"

/* Settings that are taken over below. */
static const char *const taken[] = {"PWD",      "HOME",          "USER",    "guest_os",
                                    "disk_img", "macos_release", "ram",     "cpu_cores",
                                    "ssh_port", "macaddr",       "network", NULL};

/* Settings whose value is what a machine of macvm has as well. */
static const struct {
    const char *key, *value;
} same[] = {{"secureboot", "off"}, {"tpm", "off"},           {"boot", "efi"},
            {"arch", "x86_64"},    {"disk_format", "qcow2"}, {"preallocation", "off"}};

static void
take_network(MvmImportSource *source, const MvmShell *shell)
{
    const char *network = mvm_shell_get(shell, "network");
    const char *mac = mvm_shell_get(shell, "macaddr");
    const char *port = mvm_shell_get(shell, "ssh_port");
    bool user = network == NULL || *network == '\0' || g_str_equal(network, "user");

    if (mac != NULL && *mac != '\0')
        mvm_import_set_mac(source, mac);
    else if (user)
        mvm_import_set_mac(source, QEMU_FIRST_MAC);
    if (!user && port != NULL)
        mvm_import_leave(source, "setting ssh_port=%s: a machine in a network has no such port",
                         port);
    if (user) {
        mvm_import_set(source, MVM_OPTION_SSH_PORT, port != NULL ? port : DEFAULT_SSH_PORT,
                       "port of ssh");
    } else if (g_str_equal(network, "none") || g_str_equal(network, "restrict")) {
        mvm_import_leave(source, "network '%s': the machine gets one in user mode", network);
    } else {
        g_autofree char *bridge = g_strconcat("bridge=", network, NULL);

        mvm_import_set(source, MVM_OPTION_NETWORK, bridge, "network");
    }
}

/* quickemu finds these by their names beside the disk, in this order. */
static void
take_images(MvmImportSource *source, const char *disk)
{
    g_autofree char *dir = g_path_get_dirname(disk);

    source->image[MVM_IMPORT_SYSTEM] = g_strdup(disk);
    source->image[MVM_IMPORT_OPENCORE] = g_build_filename(dir, "OpenCore.qcow2", NULL);
    source->image[MVM_IMPORT_CODE] = g_build_filename(dir, "OVMF_CODE.fd", NULL);
    source->image[MVM_IMPORT_VARS] = g_build_filename(dir, "OVMF_VARS-1024x768.fd", NULL);
    source->fallback[MVM_IMPORT_OPENCORE] = g_build_filename(dir, "ESP.qcow2", NULL);
    source->fallback[MVM_IMPORT_VARS] = g_build_filename(dir, "OVMF_VARS-1920x1080.fd", NULL);
}

/* A window of QEMU's own is none of libvirt's. */
static bool
take_setting(MvmImportSource *source, const char *key, const char *value)
{
    bool spice = g_str_equal(value, "spice") || g_str_equal(value, "spice-app");

    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
        if (g_str_equal(key, same[i].key) && g_str_equal(value, same[i].value))
            return true;
    }
    if (g_str_equal(key, "img") || g_str_equal(key, "iso")) {
        if (*value != '\0')
            mvm_import_leave(source,
                             "recovery medium '%s': nothing proves that it is Apple's; 'macvm "
                             "fetch' gets one that is",
                             value);
        return true;
    }
    if (!g_str_equal(key, "display") || (!spice && !g_str_equal(value, "none")))
        return false;
    mvm_import_set(source, MVM_OPTION_GRAPHICS, spice ? "spice" : "none", "screen");
    return true;
}

static void
take_size(MvmImportSource *source, const MvmShell *shell)
{
    const char *ram = mvm_shell_get(shell, "ram");
    const char *cores = mvm_shell_get(shell, "cpu_cores");

    if (ram != NULL)
        mvm_import_set(source, MVM_OPTION_MEMORY, ram, "memory");
    if (cores == NULL)
        return;
    mvm_import_set(source, MVM_OPTION_CORES, cores, "cores");
    mvm_import_set(source, MVM_OPTION_THREADS, "1", "threads");
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
leave_unknown(MvmImportSource *source, const MvmShell *shell)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    GHashTableIter iter;
    gpointer name = NULL, value = NULL;

    g_hash_table_iter_init(&iter, shell->values);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        if (value == NULL || !g_strv_contains(taken, name))
            g_ptr_array_add(names, name);
    }
    g_ptr_array_sort(names, compare);
    for (guint i = 0; i < names->len; i++) {
        const char *known = mvm_shell_get(shell, names->pdata[i]);

        if (known == NULL)
            mvm_import_leave(source, "setting %s: only a shell could tell its value",
                             (const char *)names->pdata[i]);
        else if (!take_setting(source, names->pdata[i], known))
            mvm_import_leave(source, "setting %s=%s", (const char *)names->pdata[i], known);
    }
}

static void
leave_lists(MvmImportSource *source, const GPtrArray *lists)
{
    for (guint i = 0; i < lists->len; i++) {
        const MvmShellList *list = lists->pdata[i];
        mvm_autosecret char *text = mvm_shell_list_to_text(list);

        if (list->words->len > 0)
            mvm_import_leave(source, "%s: %s", list->name, text);
    }
}

static MvmImportSource *
refuse(const char *what, const char *cause, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot import '%s': %s", what, cause);
    return NULL;
}

MvmImportSource *
mvm_import_read_quickemu(const char *text, size_t len, const char *dir, const char *what,
                         GError **error)
{
    g_autoptr(MvmShell) shell = mvm_shell_read(text, len, dir, what, error);
    g_autoptr(MvmImportSource) source = NULL;
    const char *release = NULL, *disk = NULL;

    if (shell == NULL)
        return NULL;
    if (g_strcmp0(mvm_shell_get(shell, "guest_os"), "macos") != 0)
        return refuse(what, "guest_os is not macos", error);
    disk = mvm_shell_get(shell, "disk_img");
    if (disk == NULL || *disk == '\0')
        return refuse(what, "disk_img is not set", error);
    source = mvm_import_source_new();
    release = mvm_shell_get(shell, "macos_release");
    if (release != NULL)
        mvm_import_set(source, MVM_OPTION_OS, release, "macOS version");
    take_images(source, disk);
    take_size(source, shell);
    take_network(source, shell);
    leave_unknown(source, shell);
    leave_lists(source, shell->arrays);
    leave_lists(source, shell->commands);
    for (guint i = 0; i < shell->remarks->len; i++)
        mvm_import_leave(source, "%s", (const char *)shell->remarks->pdata[i]);
    return g_steal_pointer(&source);
}
