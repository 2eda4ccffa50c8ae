/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* -drive, of disks and of the firmware. */
#include "import/qemu-args.h"

#include <string.h>

static bool
is_on(const char *value)
{
    return value != NULL &&
           (g_str_equal(value, "on") || g_str_equal(value, "yes") || g_str_equal(value, "true"));
}

/* The drives for the firmware have an order: what is read first is the code, and the second one its
 * variables, whether QEMU may write to them or not. */
static void
take_flash(MvmQemuReader *reader, MvmQemuValues *values, const char *file)
{
    const char *unit = mvm_qemu_values_take(values, "unit");
    int at = reader->flash[0] != NULL ? 1 : 0;

    if (unit != NULL)
        at = g_str_equal(unit, "0") ? 0 : 1;
    if (reader->flash[at] != NULL) {
        mvm_import_leave(reader->source, "firmware '%s': the machine has one already", file);
        return;
    }
    reader->flash[at] = g_strdup(file);
    reader->flash_readonly[at] = is_on(mvm_qemu_values_take(values, "readonly"));
}

void
mvm_qemu_finish_drives(MvmQemuReader *reader)
{
    char **flash = reader->flash;
    bool *readonly = reader->flash_readonly;

    /* One that can be written to has the variables in it. */
    if (flash[0] != NULL && flash[1] == NULL && !readonly[0]) {
        flash[1] = g_steal_pointer(&flash[0]);
    } else if (flash[0] != NULL && flash[1] != NULL && !readonly[0] && readonly[1]) {
        char *code = flash[1];

        flash[1] = flash[0];
        flash[0] = code;
        readonly[0] = true;
        readonly[1] = false;
    }
    if (flash[0] != NULL) {
        mvm_import_take_image(reader->source, MVM_IMPORT_CODE, flash[0], NULL, "firmware");
        if (!readonly[0])
            mvm_import_leave(reader->source,
                             "firmware '%s' that can be written to: the machine's cannot",
                             flash[0]);
    }
    if (flash[1] != NULL) {
        mvm_import_take_image(reader->source, MVM_IMPORT_VARS, flash[1], NULL, "NVRAM");
        if (readonly[1])
            mvm_import_leave(reader->source,
                             "NVRAM '%s' that cannot be written to: the machine's can", flash[1]);
    }
}

/* What the machine's disks are as well. */
static void
use_common(MvmQemuValues *values)
{
    static const struct {
        const char *key, *value;
    } same[] = {{"if", "none"},       {"if", "ide"},       {"if", "sata"},      {"media", "disk"},
                {"format", "raw"},    {"format", "qcow2"}, {"id", NULL},        {"index", NULL},
                {"bus", NULL},        {"unit", NULL},      {"snapshot", "off"}, {"readonly", "off"},
                {"discard", "unmap"}, {"discard", "on"}};

    for (size_t i = 0; i < G_N_ELEMENTS(same); i++)
        mvm_qemu_values_same(values, same[i].key, same[i].value);
}

void
mvm_qemu_read_drive(MvmQemuReader *reader, const char *text)
{
    g_auto(MvmQemuValues) values = {0};
    const char *file = NULL, *id = NULL;

    mvm_qemu_values_init(&values, "-drive", text);
    file = mvm_qemu_values_get(&values, "file");
    id = mvm_qemu_values_get(&values, "id");
    if (file == NULL || *file == '\0') {
        mvm_import_leave(reader->source, "drive '%s': without a file", text);
        return;
    }
    if (g_strcmp0(mvm_qemu_values_get(&values, "media"), "cdrom") == 0) {
        mvm_import_leave(reader->source, "CD image '%s': %s", file, text);
        return;
    }
    (void)mvm_qemu_values_take(&values, "file");
    if (g_strcmp0(mvm_qemu_values_get(&values, "if"), "pflash") == 0) {
        (void)mvm_qemu_values_take(&values, "if");
        take_flash(reader, &values, file);
    } else {
        mvm_import_disk(reader->source, id != NULL ? id : "", file, NULL);
    }
    use_common(&values);
    mvm_qemu_values_leave(&values, reader->source);
}
