/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/machine-options.h"

#include "util/error.h"

void
mvm_machine_options_clear(MvmMachineOptions *given)
{
    for (int i = 0; i < MVM_OPTION_COUNT; i++)
        g_clear_pointer(&given->text[i], g_free);
}

static GOptionEntry
entry_of(MvmMachineOptions *given, MvmOption option)
{
    const MvmOptionInfo *info = mvm_option_info(option);
    GOptionEntry entry = {.long_name = info->name,
                          .description = info->help,
                          .arg_description = info->arg,
                          .arg = G_OPTION_ARG_STRING,
                          .arg_data = &given->text[option]};

    if (info->arg == NULL) {
        entry.arg = G_OPTION_ARG_NONE;
        entry.arg_data = &given->autostart;
    }
    return entry;
}

GOptionEntry *
mvm_machine_options_entries(MvmMachineOptions *given, const GOptionEntry *more)
{
    g_autoptr(GArray) entries = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));
    GOptionEntry no_autostart = {.long_name = "no-autostart",
                                 .description = "do not start it with the host",
                                 .arg = G_OPTION_ARG_NONE,
                                 .arg_data = &given->no_autostart};

    for (int i = 0; i < MVM_OPTION_COUNT; i++) {
        GOptionEntry entry = entry_of(given, (MvmOption)i);

        g_array_append_val(entries, entry);
    }
    g_array_append_val(entries, no_autostart);
    for (; more->long_name != NULL; more++)
        g_array_append_vals(entries, more, 1);
    return (GOptionEntry *)(gpointer)g_array_free(g_steal_pointer(&entries), FALSE);
}

MvmOptions *
mvm_machine_options_check(const MvmMachineOptions *given, GError **error)
{
    g_autoptr(MvmOptions) options = mvm_options_new();

    for (int i = 0; i < MVM_OPTION_COUNT; i++) {
        if (given->text[i] != NULL &&
            !mvm_options_set(options, (MvmOption)i, given->text[i], error))
            return NULL;
    }
    if (given->autostart && given->no_autostart) {
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_USAGE,
                            "cannot use '--autostart': it and --no-autostart exclude each other");
        return NULL;
    }
    if ((given->autostart || given->no_autostart) &&
        !mvm_options_set(options, MVM_OPTION_AUTOSTART, given->autostart ? "yes" : "no", error))
        return NULL;
    return g_steal_pointer(&options);
}
