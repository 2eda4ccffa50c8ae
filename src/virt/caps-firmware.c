/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/caps.h"

#include <string.h>

/* How the distributions call an image and the template that goes with it. The part "from" of the
 * file's name becomes "to". Seen in: Debian, Ubuntu (OVMF_CODE_4M.fd), Fedora (OVMF_CODE.fd,
 * OVMF_CODE_4M.qcow2), Arch (OVMF_CODE.4m.fd), openSUSE (ovmf-x86_64-4m-code.bin) and QEMU's own
 * edk2-x86_64-code.fd, whose template carries the name of the 32-bit build. */
static const struct {
    const char *from;
    const char *to;
} pairs[] = {
    {"edk2-x86_64-code", "edk2-i386-vars"},
    {"edk2-x86_64-secure-code", "edk2-i386-vars"},
    {"CODE", "VARS"},
    {"code", "vars"},
};

/* What the name of an image with Secure Boot, SMM or enrolled keys contains. macOS's boot loader is
 * not signed by those keys. */
static const char *const unwanted[] = {"secboot", "secure", "snakeoil",   ".ms.",  "-ms-",
                                       "-smm-",   "-ms.",   "-opensuse-", "-suse-"};

static char *
replace_first(const char *text, const char *from, const char *to)
{
    const char *found = strstr(text, from);

    if (found == NULL)
        return NULL;
    return g_strdup_printf("%.*s%s%s", (int)(found - text), text, to, found + strlen(from));
}

char *
mvm_firmware_vars_path(const char *code)
{
    g_autofree char *folder = g_path_get_dirname(code);
    g_autofree char *name = g_path_get_basename(code);
    g_autofree char *vars = NULL;
    char *plain = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(pairs) && vars == NULL; i++)
        vars = replace_first(name, pairs[i].from, pairs[i].to);
    if (vars == NULL)
        return NULL;
    /* One empty template serves the images with and without Secure Boot. */
    plain = replace_first(vars, ".secboot", "");
    if (plain != NULL) {
        g_free(vars);
        vars = plain;
    }
    return g_build_filename(folder, vars, NULL);
}

/* Higher is better; 0: of no use. */
static int
rank(const char *loader)
{
    g_autofree char *name = g_path_get_basename(loader);
    g_autofree char *lower = g_ascii_strdown(name, -1);
    g_autofree char *vars = mvm_firmware_vars_path(loader);
    int value = 1;

    if (!g_path_is_absolute(loader) || vars == NULL)
        return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(unwanted); i++) {
        if (strstr(lower, unwanted[i]) != NULL)
            return 0;
    }
    /* A 4 MiB image has room for the variables that macOS writes. */
    if (strstr(lower, "4m") != NULL)
        value += 2;
    if (!g_str_has_suffix(lower, ".qcow2"))
        value += 1;
    return value;
}

MvmFirmware *
mvm_firmware_choose(const char *const *loaders)
{
    const char *best = NULL;
    int best_rank = 0;
    MvmFirmware *firmware = NULL;

    for (; *loaders != NULL; loaders++) {
        int value = rank(*loaders);

        if (value > best_rank) {
            best = *loaders;
            best_rank = value;
        }
    }
    if (best == NULL)
        return NULL;
    firmware = g_new0(MvmFirmware, 1);
    firmware->code = g_strdup(best);
    firmware->vars = mvm_firmware_vars_path(best);
    firmware->format = g_str_has_suffix(best, ".qcow2") ? "qcow2" : "raw";
    return firmware;
}

void
mvm_firmware_free(MvmFirmware *firmware)
{
    if (firmware == NULL)
        return;
    g_free(firmware->code);
    g_free(firmware->vars);
    g_free(firmware);
}
