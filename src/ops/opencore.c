/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/opencore.h"

#include "util/error.h"

#include <string.h>

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
set_edits(const MvmMachine *machine, MvmPlist *plist, GPtrArray *lost, GError **error)
{
    for (guint i = 0; machine->config != NULL && i < machine->config->len; i++) {
        const MvmConfigEdit *edit = machine->config->pdata[i];
        MvmPlistType type;

        if (mvm_opencore_is_identity(edit->key) || !mvm_plist_type_find(edit->type, &type))
            continue; /* somebody else's metadata: the machine is what status tells */
        if (mvm_plist_set(plist, edit->key, type, edit->value, lost == NULL ? error : NULL))
            continue;
        if (lost == NULL)
            return false;
        g_ptr_array_add(lost, g_strdup(edit->key));
    }
    return true;
}

bool
mvm_opencore_configure(const MvmMachine *machine, MvmPlist *plist, GPtrArray *lost, GError **error)
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
    return set_boot_args(machine, plist, error) && set_edits(machine, plist, lost, error);
}
