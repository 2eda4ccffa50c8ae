/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine/config-edit.h"

#include <string.h>

static void
edit_free(void *data)
{
    MvmConfigEdit *edit = data;

    g_free(edit->key);
    g_free(edit->type);
    g_free(edit->value);
    g_free(edit);
}

GPtrArray *
mvm_config_edits_new(void)
{
    return g_ptr_array_new_with_free_func(edit_free);
}

GPtrArray *
mvm_config_edits_copy(const GPtrArray *edits)
{
    GPtrArray *copy = mvm_config_edits_new();

    for (guint i = 0; edits != NULL && i < edits->len; i++)
        mvm_config_edits_put(copy, edits->pdata[i]);
    return copy;
}

bool
mvm_config_edit_is_valid(const char *key, const char *type, const char *value)
{
    static const char *const types[] = {"string", "integer", "real", "boolean", "data", NULL};

    return *key != '\0' && strlen(key) <= MVM_CONFIG_KEY_MAX && g_strv_contains(types, type) &&
           strlen(value) <= MVM_CONFIG_VALUE_MAX;
}

bool
mvm_config_edits_put(GPtrArray *edits, const MvmConfigEdit *edit)
{
    MvmConfigEdit *copy = NULL;

    mvm_config_edits_drop(edits, edit->key);
    if (edits->len >= MVM_CONFIG_MAX_EDITS)
        return false;
    copy = g_new0(MvmConfigEdit, 1);
    *copy = (MvmConfigEdit){g_strdup(edit->key), g_strdup(edit->type), g_strdup(edit->value)};
    g_ptr_array_add(edits, copy);
    return true;
}

void
mvm_config_edits_drop(GPtrArray *edits, const char *key)
{
    for (guint i = 0; i < edits->len; i++) {
        if (g_str_equal(((const MvmConfigEdit *)edits->pdata[i])->key, key)) {
            g_ptr_array_remove_index(edits, i);
            return;
        }
    }
}
