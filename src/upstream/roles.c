/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/roles.h"

#include "util/error.h"
#include "util/paths.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *title; /* in error messages */
    mode_t type;
    const char *names[7]; /* relative to the checkout, newest first */
} roles[] = {
    [MVM_UPSTREAM_OPENCORE_IMAGE] = {"OpenCore image",
                                     S_IFREG,
                                     {"OpenCore/OpenCore.qcow2", "OpenCore.qcow2",
                                      "OpenCore-Catalina/OpenCore.qcow2",
                                      "OpenCore-Catalina/OpenCore-nopicker.qcow2"}},
    [MVM_UPSTREAM_EFI_FOLDER] = {"EFI folder",
                                 S_IFDIR,
                                 {"OpenCore/EFI", "EFI", "OpenCore-Catalina/EFI"}},
    [MVM_UPSTREAM_CONFIG_PLIST] = {"OpenCore configuration",
                                   S_IFREG,
                                   {"OpenCore/config.plist", "OpenCore/EFI/OC/config.plist",
                                    "config.plist", "EFI/OC/config.plist",
                                    "OpenCore-Catalina/config.plist"}},
    [MVM_UPSTREAM_BOOT_SCRIPT] = {"boot script",
                                  S_IFREG,
                                  {"OpenCore-Boot.sh", "OpenCore-Boot-macOS.sh",
                                   "boot-macOS-headless.sh", "boot-macOS-Catalina.sh",
                                   "boot-macOS-NG.sh", "boot-macOS.sh"}},
};

static const char *const firmware_folders[] = {"", "ovmf", "OVMF"};
static const char *const code_names[] = {"OVMF_CODE_4M.fd", "OVMF_CODE.fd"};
static const char *const vars_names[] = {
    "OVMF_VARS_4M.fd",
    "OVMF_VARS-1920x1080.fd",
    "OVMF_VARS-1024x768.fd",
    "OVMF_VARS.fd",
};

static const struct {
    int64_t code;
    int64_t vars;
} firmware_sizes[] = {
    {3653632, 540672}, /* 4 MiB build */
    {1966080, 131072}, /* 2 MiB build */
};

char *
mvm_upstream_default_dir(void)
{
    return mvm_path_user_data("OSX-KVM");
}

/* The checkout's own canonical path. */
static char *
resolve_checkout(const char *checkout, GError **error)
{
    g_autofree char *fallback = checkout == NULL ? mvm_upstream_default_dir() : NULL;
    const char *dir = checkout != NULL ? checkout : fallback;
    g_autofree char *root = realpath(dir, NULL); /* g_free() is free() since GLib 2.46 */

    if (root == NULL) {
        mvm_error_set_errno(error, "read the OSX-KVM checkout", dir);
        mvm_error_set_hint(error, "run 'macvm bootstrap'");
    }
    return g_steal_pointer(&root);
}

/* The canonical path of name below root when it is of the wanted type and does not leave root,
 * else NULL. *ret_size, when not NULL, gets its size in bytes. */
static char *
probe(const char *root, const char *folder, const char *name, mode_t type, int64_t *ret_size)
{
    g_autofree char *path = g_build_filename(root, folder, name, NULL);
    g_autofree char *real = realpath(path, NULL);
    size_t root_len = strlen(root);
    struct stat st = {0};

    if (real == NULL || strncmp(real, root, root_len) != 0 || real[root_len] != '/')
        return NULL;
    if (lstat(real, &st) < 0 || (st.st_mode & S_IFMT) != type)
        return NULL;
    if (ret_size != NULL)
        *ret_size = st.st_size;
    return g_steal_pointer(&real);
}

char *
mvm_upstream_find(const char *checkout, MvmUpstreamRole role, GError **error)
{
    g_autofree char *root = resolve_checkout(checkout, error);

    if (root == NULL)
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(roles[role].names) && roles[role].names[i] != NULL; i++) {
        char *path = probe(root, "", roles[role].names[i], roles[role].type, NULL);

        if (path != NULL)
            return path;
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                "cannot find the %s in '%s': neither '%s' nor an older name of it is there",
                roles[role].title, root, roles[role].names[0]);
    mvm_error_set_hint(error, "run 'macvm bootstrap'");
    return NULL;
}

/* A file of the firmware as found; path is owned. */
typedef struct {
    char *path;
    int64_t size;
} FirmwareFile;

static void
firmware_file_clear(void *file)
{
    g_free(((FirmwareFile *)file)->path);
}

/* All files of names that exist, the preferred first. */
static GArray *
list_firmware(const char *root, const char *const *names, size_t n_names)
{
    GArray *found = g_array_new(FALSE, TRUE, sizeof(FirmwareFile));

    g_array_set_clear_func(found, firmware_file_clear);
    for (size_t i = 0; i < n_names; i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(firmware_folders); j++) {
            FirmwareFile file = {0};

            file.path = probe(root, firmware_folders[j], names[i], S_IFREG, &file.size);
            if (file.path != NULL)
                g_array_append_val(found, file);
        }
    }
    return found;
}

/* The size of the store that belongs to code of this size; 0 for code of no known build. */
static int64_t
vars_size_for(int64_t code_size)
{
    for (size_t i = 0; i < G_N_ELEMENTS(firmware_sizes); i++) {
        if (firmware_sizes[i].code == code_size)
            return firmware_sizes[i].vars;
    }
    return 0;
}

static const FirmwareFile *
find_by_size(const GArray *files, int64_t size)
{
    for (guint i = 0; i < files->len; i++) {
        const FirmwareFile *file = &g_array_index(files, FirmwareFile, i);

        if (file->size == size)
            return file;
    }
    return NULL;
}

static void
set_pair_error(const char *root, const GArray *codes, const GArray *stores, GError **error)
{
    const FirmwareFile *code = codes->len > 0 ? &g_array_index(codes, FirmwareFile, 0) : NULL;
    const FirmwareFile *vars = stores->len > 0 ? &g_array_index(stores, FirmwareFile, 0) : NULL;

    if (code == NULL || vars == NULL)
        g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                    "cannot find the OVMF firmware in '%s': no %s", root,
                    code == NULL ? "OVMF_CODE_4M.fd or OVMF_CODE.fd" : "OVMF_VARS*.fd");
    else if (vars_size_for(code->size) == 0)
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot use the OVMF firmware '%s': its %" G_GINT64_FORMAT
                    " bytes are neither a 2 MiB nor a 4 MiB build",
                    code->path, code->size);
    else
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot pair the OVMF firmware '%s' (%" G_GINT64_FORMAT
                    " bytes) with '%s' (%" G_GINT64_FORMAT " bytes): it needs a store of "
                    "%" G_GINT64_FORMAT " bytes",
                    code->path, code->size, vars->path, vars->size, vars_size_for(code->size));
    mvm_error_set_hint(error, "run 'macvm bootstrap' for upstream's present files, or use "
                              "'--firmware auto' for the firmware of the libvirt host, or name a "
                              "pair with '--firmware CODE:VARS'");
}

bool
mvm_upstream_find_firmware(const char *checkout, char **ret_code, char **ret_vars, GError **error)
{
    g_autofree char *root = resolve_checkout(checkout, error);
    g_autoptr(GArray) codes = NULL;
    g_autoptr(GArray) stores = NULL;

    if (root == NULL)
        return false;
    codes = list_firmware(root, code_names, G_N_ELEMENTS(code_names));
    stores = list_firmware(root, vars_names, G_N_ELEMENTS(vars_names));
    for (guint i = 0; i < codes->len; i++) {
        const FirmwareFile *code = &g_array_index(codes, FirmwareFile, i);
        int64_t wanted = vars_size_for(code->size);
        const FirmwareFile *vars = wanted != 0 ? find_by_size(stores, wanted) : NULL;

        if (vars != NULL) {
            *ret_code = g_strdup(code->path);
            *ret_vars = g_strdup(vars->path);
            return true;
        }
    }
    set_pair_error(root, codes, stores, error);
    return false;
}
