/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/qemu-args.h"

#include <string.h>

/* --- values of an option ---------------------------------------------------------------------- */

static void
add_pair(MvmQemuValues *values, const GString *part)
{
    const char *equals = strchr(part->str, '=');

    g_ptr_array_add(values->pairs, equals != NULL
                                       ? g_strndup(part->str, (size_t)(equals - part->str))
                                       : g_strdup(""));
    g_ptr_array_add(values->pairs, g_strdup(equals != NULL ? equals + 1 : part->str));
}

void
mvm_qemu_values_init(MvmQemuValues *values, const char *text)
{
    g_autoptr(GString) part = g_string_new(NULL);

    values->pairs = g_ptr_array_new_with_free_func(g_free);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c != ',' || c[1] == ',') {
            g_string_append_c(part, *c);
            c += *c == ',';
            continue;
        }
        add_pair(values, part);
        g_string_truncate(part, 0);
    }
    add_pair(values, part);
}

void
mvm_qemu_values_clear(MvmQemuValues *values)
{
    g_ptr_array_unref(values->pairs);
}

const char *
mvm_qemu_values_get(const MvmQemuValues *values, const char *key)
{
    const char *found = NULL;

    for (guint i = 0; i + 1 < values->pairs->len; i += 2) {
        if (!g_str_equal(values->pairs->pdata[i], key))
            continue;
        found = values->pairs->pdata[i + 1];
        if (*key == '\0')
            break;
    }
    return found;
}

/* --- disks ------------------------------------------------------------------------------------ */

/* Whether text, in any case, has one of words in it. */
static bool
names_one(const char *text, const char *const *words)
{
    g_autofree char *lower = g_ascii_strdown(text, -1);

    for (; *words != NULL; words++) {
        if (strstr(lower, *words) != NULL)
            return true;
    }
    return false;
}

static void
take(MvmImportSource *source, MvmImportImage image, const char *path, const char *what)
{
    if (source->image[image] == NULL)
        source->image[image] = g_strdup(path);
    else if (!g_str_equal(source->image[image], path))
        mvm_import_leave(source, "%s '%s': the machine has one already", what, path);
}

void
mvm_import_disk(MvmImportSource *source, const char *id, const char *path)
{
    static const char *const loaders[] = {"opencore", "esp", "clover", "bootloader", NULL};
    static const char *const recoveries[] = {"basesystem", "installmedia", "recovery", NULL};
    g_autofree char *base = g_path_get_basename(path);

    if (names_one(id, recoveries) || names_one(base, recoveries))
        mvm_import_leave(source,
                         "recovery medium '%s': nothing proves that it is Apple's; 'macvm fetch' "
                         "gets one that is",
                         path);
    else if (names_one(id, loaders) || names_one(base, loaders))
        take(source, MVM_IMPORT_OPENCORE, path, "boot loader's disk");
    else
        take(source, MVM_IMPORT_SYSTEM, path, "disk");
}

void
mvm_import_qemu_drive(MvmImportSource *source, const char *text)
{
    g_auto(MvmQemuValues) values = {0};
    const char *file = NULL, *kind = NULL, *id = NULL, *readonly = NULL;

    mvm_qemu_values_init(&values, text);
    file = mvm_qemu_values_get(&values, "file");
    kind = mvm_qemu_values_get(&values, "if");
    id = mvm_qemu_values_get(&values, "id");
    readonly = mvm_qemu_values_get(&values, "readonly");
    if (readonly == NULL && strstr(text, ",readonly") != NULL)
        readonly = "on";
    if (file == NULL || *file == '\0')
        mvm_import_leave(source, "drive '%.200s': without a file", text);
    else if (g_strcmp0(mvm_qemu_values_get(&values, "media"), "cdrom") == 0)
        mvm_import_leave(source, "CD image '%s'", file);
    else if (g_strcmp0(kind, "pflash") != 0)
        mvm_import_disk(source, id != NULL ? id : "", file);
    else if (g_strcmp0(readonly, "on") == 0 || g_strcmp0(readonly, "yes") == 0)
        take(source, MVM_IMPORT_CODE, file, "firmware");
    else
        take(source, MVM_IMPORT_VARS, file, "NVRAM");
}
