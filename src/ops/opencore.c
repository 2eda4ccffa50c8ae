/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/opencore.h"

#include "media/opencore-image.h"
#include "media/plist.h"
#include "upstream/roles.h"
#include "util/error.h"
#include "util/file.h"

#include <string.h>
#include <unistd.h>

/* Apple's GUID of the variables that macOS's boot reads. */
#define BOOT_ARGS "NVRAM.Add.7C436110-AB2A-4BBB-A880-FE41995C9F82.boot-args"
/* Seconds: long enough to choose something else, short enough not to be waited for. */
#define PICKER_TIMEOUT "10"

char *
mvm_opencore_digest(const MvmMachine *machine)
{
    const MvmIdentity *identity = machine->identity;
    const char *const parts[] = {"1", /* of this list; raised when the edits below change */
                                 identity->model,
                                 identity->serial,
                                 identity->mlb,
                                 identity->rom,
                                 machine->uuid,
                                 machine->resolution,
                                 machine->boot_args,
                                 machine->verbose_boot};
    g_autoptr(GString) text = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        g_string_append_printf(text, "%s\n", parts[i] != NULL ? parts[i] : "\t");
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text->str, (gssize)text->len);
}

static bool
find_upstream(char **ret_efi, char **ret_config, GError **error)
{
    g_autofree char *efi = mvm_upstream_find(NULL, MVM_UPSTREAM_EFI_FOLDER, error);
    char *config = efi != NULL ? mvm_upstream_find(NULL, MVM_UPSTREAM_CONFIG_PLIST, error) : NULL;

    if (config == NULL)
        return false;
    *ret_efi = g_steal_pointer(&efi);
    *ret_config = config;
    return true;
}

bool
mvm_opencore_is_possible(GError **error)
{
    g_autofree char *efi = NULL, *config = NULL;

    return find_upstream(&efi, &config, error);
}

/* --- the configuration ------------------------------------------------------------------------ */

/* base64 of the ROM's bytes; the caller frees. */
static char *
rom_data(const char *rom)
{
    guchar bytes[6];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] =
            (guchar)(g_ascii_xdigit_value(rom[2 * i]) * 16 + g_ascii_xdigit_value(rom[2 * i + 1]));
    return g_base64_encode(bytes, sizeof(bytes));
}

/* args with or without "-v"; the caller frees. */
static char *
with_verbose(const char *args, bool verbose)
{
    g_auto(GStrv) words = g_strsplit(args, " ", -1);
    g_autoptr(GString) text = g_string_new(verbose ? "-v" : "");

    for (char **word = words; *word != NULL; word++) {
        if (**word != '\0' && strcmp(*word, "-v") != 0)
            g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", *word);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static bool
has_verbose(const char *args)
{
    g_auto(GStrv) words = g_strsplit(args, " ", -1);

    return g_strv_contains((const char *const *)words, "-v");
}

static bool
set_boot_args(const MvmMachine *machine, MvmPlist *plist, GError **error)
{
    g_autofree char *upstream = mvm_plist_get(plist, BOOT_ARGS, NULL, NULL);
    const char *args = machine->boot_args;
    g_autofree char *text = NULL;
    bool verbose = machine->verbose_boot != NULL ? g_str_equal(machine->verbose_boot, "on")
                                                 : args != NULL && has_verbose(args);

    if (args == NULL)
        args = upstream != NULL ? upstream : "";
    text = with_verbose(args, verbose);
    return mvm_plist_set(plist, BOOT_ARGS, MVM_PLIST_STRING, text, error);
}

static bool
set_all(const MvmMachine *machine, MvmPlist *plist, GError **error)
{
    const MvmIdentity *identity = machine->identity;
    g_autofree char *rom = rom_data(identity->rom);
    g_autofree char *uuid = g_ascii_strup(machine->uuid, -1);
    const struct {
        const char *path;
        MvmPlistType type;
        const char *text; /* NULL: as it is */
    } edits[] = {
        {"PlatformInfo.Automatic", MVM_PLIST_BOOLEAN, "true"}, /* what follows counts */
        {"PlatformInfo.Generic.SystemProductName", MVM_PLIST_STRING, identity->model},
        {"PlatformInfo.Generic.SystemSerialNumber", MVM_PLIST_STRING, identity->serial},
        {"PlatformInfo.Generic.MLB", MVM_PLIST_STRING, identity->mlb},
        {"PlatformInfo.Generic.ROM", MVM_PLIST_DATA, rom},
        {"PlatformInfo.Generic.SystemUUID", MVM_PLIST_STRING, uuid},
        /* No Mac's manifest fits a virtual machine. */
        {"Misc.Security.SecureBootModel", MVM_PLIST_STRING, "Disabled"},
        {"Misc.Boot.Timeout", MVM_PLIST_INTEGER, PICKER_TIMEOUT},
        {"UEFI.Output.Resolution", MVM_PLIST_STRING, machine->resolution},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(edits); i++) {
        if (edits[i].text != NULL &&
            !mvm_plist_set(plist, edits[i].path, edits[i].type, edits[i].text, error))
            return false;
    }
    return set_boot_args(machine, plist, error);
}

char *
mvm_opencore_config(const MvmMachine *machine, const char *text, size_t len, const char *what,
                    size_t *ret_len, GError **error)
{
    g_autoptr(MvmPlist) plist = mvm_plist_parse(text, len, what, error);
    const char *changed = NULL;

    if (plist == NULL || !set_all(machine, plist, error))
        return NULL;
    changed = mvm_plist_get_text(plist, ret_len);
    return g_strdup(changed);
}

/* --- the disk --------------------------------------------------------------------------------- */

static char *
make_dir(GError **error)
{
    g_autoptr(GError) cause = NULL;
    char *dir = g_dir_make_tmp("macvm-opencore.XXXXXX", &cause);

    if (dir == NULL)
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot make a temporary directory: %s",
                    cause->message);
    return dir;
}

bool
mvm_opencore_make(const MvmMachine *machine, MvmOpencoreDisk *ret_disk, GError **error)
{
    g_auto(MvmOpencoreDisk) disk = {0};
    g_autofree char *efi = NULL, *path = NULL, *text = NULL, *config = NULL;
    MvmOpencoreImage image = {.guid = machine->uuid};
    size_t len = 0;

    if (!find_upstream(&efi, &path, error) ||
        (text = mvm_file_read(path, MVM_PLIST_MAX_SIZE, &len, error)) == NULL ||
        (config = mvm_opencore_config(machine, text, len, path, &image.config_len, error)) == NULL)
        return false;
    image.efi_folder = efi;
    image.config = config;
    disk.dir = make_dir(error);
    if (disk.dir == NULL || (disk.path = mvm_opencore_image_make(&image, disk.dir, error)) == NULL)
        return false;
    *ret_disk = disk;
    disk = (MvmOpencoreDisk){0};
    return true;
}

void
mvm_opencore_disk_clear(MvmOpencoreDisk *disk)
{
    if (disk->path != NULL)
        (void)unlink(disk->path);
    if (disk->dir != NULL)
        (void)rmdir(disk->dir);
    g_free(disk->path);
    g_free(disk->dir);
    *disk = (MvmOpencoreDisk){0};
}
