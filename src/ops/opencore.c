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
#define BOOT_VARIABLES "NVRAM.Add.7C436110-AB2A-4BBB-A880-FE41995C9F82."
#define BOOT_ARGS BOOT_VARIABLES "boot-args"
#define CSR BOOT_VARIABLES "csr-active-config"
/* Seconds: long enough to choose something else, short enough not to be waited for. */
#define PICKER_TIMEOUT "10"
#define TIMEOUT "Misc.Boot.Timeout"
#define RESOLUTION "UEFI.Output.Resolution"

const char *
mvm_opencore_key_of(MvmOption option)
{
    static const char *const keys[MVM_OPTION_COUNT] = {
        [MVM_OPTION_RESOLUTION] = RESOLUTION,
        [MVM_OPTION_BOOT_ARGS] = BOOT_ARGS,
        [MVM_OPTION_VERBOSE_BOOT] = BOOT_ARGS,
        [MVM_OPTION_PICKER_TIMEOUT] = TIMEOUT,
        [MVM_OPTION_CSR] = CSR,
    };

    return keys[option];
}

bool
mvm_opencore_is_identity(const char *key)
{
    static const char *const keys[] = {"PlatformInfo.Automatic",
                                       "PlatformInfo.Generic.SystemProductName",
                                       "PlatformInfo.Generic.SystemSerialNumber",
                                       "PlatformInfo.Generic.MLB",
                                       "PlatformInfo.Generic.ROM",
                                       "PlatformInfo.Generic.SystemUUID",
                                       NULL};

    return g_strv_contains(keys, key);
}

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
    /* Named, so that the digests of disks without them stay what they were. */
    if (machine->picker_timeout != NULL)
        g_string_append_printf(text, "picker %s\n", machine->picker_timeout);
    if (machine->csr != NULL)
        g_string_append_printf(text, "csr %s\n", machine->csr);
    for (guint i = 0; machine->config != NULL && i < machine->config->len; i++) {
        const MvmConfigEdit *edit = machine->config->pdata[i];

        g_string_append_printf(text, "config %s %s %s\n", edit->key, edit->type, edit->value);
    }
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

/* base64 of a 32-bit number, least significant byte first; NULL for NULL. The caller frees. */
static char *
csr_data(const char *csr)
{
    guint32 value = csr != NULL ? GUINT32_TO_LE((guint32)g_ascii_strtoull(csr, NULL, 16)) : 0;

    return csr != NULL ? g_base64_encode((const guchar *)&value, sizeof(value)) : NULL;
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

/* Last: the user's word is final. */
static bool
set_edits(const MvmMachine *machine, MvmPlist *plist, GError **error)
{
    for (guint i = 0; machine->config != NULL && i < machine->config->len; i++) {
        const MvmConfigEdit *edit = machine->config->pdata[i];
        MvmPlistType type;

        if (mvm_opencore_is_identity(edit->key) || !mvm_plist_type_find(edit->type, &type))
            continue; /* somebody else's metadata: the machine is what status tells */
        if (!mvm_plist_set(plist, edit->key, type, edit->value, error))
            return false;
    }
    return true;
}

static bool
set_all(const MvmMachine *machine, MvmPlist *plist, GError **error)
{
    const MvmIdentity *identity = machine->identity;
    g_autofree char *rom = rom_data(identity->rom);
    g_autofree char *uuid = g_ascii_strup(machine->uuid, -1), *csr = csr_data(machine->csr);
    const char *timeout = machine->picker_timeout;
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
        {TIMEOUT, MVM_PLIST_INTEGER, timeout != NULL ? timeout : PICKER_TIMEOUT},
        {CSR, MVM_PLIST_DATA, csr},
        {RESOLUTION, MVM_PLIST_STRING, machine->resolution},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(edits); i++) {
        if (edits[i].text != NULL &&
            !mvm_plist_set(plist, edits[i].path, edits[i].type, edits[i].text, error))
            return false;
    }
    return set_boot_args(machine, plist, error) && set_edits(machine, plist, error);
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

char *
mvm_opencore_make_dir(GError **error)
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
    disk.dir = mvm_opencore_make_dir(error);
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
