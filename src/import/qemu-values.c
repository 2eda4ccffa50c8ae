/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/qemu-args.h"
#include "util/secret.h"

#include <string.h>

static void
value_free(void *data)
{
    MvmQemuValue *value = data;

    g_free(value->key);
    mvm_secret_free(value->value);
    g_free(value);
}

static void
add_value(MvmQemuValues *values, const GString *part)
{
    const char *equals = strchr(part->str, '=');
    MvmQemuValue *value = g_new0(MvmQemuValue, 1);

    if (equals != NULL)
        *value = (MvmQemuValue){.key = g_strndup(part->str, (size_t)(equals - part->str)),
                                .value = g_strdup(equals + 1)};
    else if (values->list->len == 0)
        *value = (MvmQemuValue){.key = g_strdup(""), .value = g_strdup(part->str)};
    else
        *value = (MvmQemuValue){.key = g_strdup(part->str), .value = g_strdup("on")};
    /* A comma too many says nothing. */
    value->used = *value->key == '\0' && *value->value == '\0';
    value->used = value->used || (equals == NULL && part->len == 0);
    g_ptr_array_add(values->list, value);
}

void
mvm_qemu_values_init(MvmQemuValues *values, const char *flag, const char *text)
{
    g_autoptr(GString) part = g_string_new(NULL);

    *values = (MvmQemuValues){flag, g_ptr_array_new_with_free_func(value_free)};
    for (const char *c = text; *c != '\0'; c++) {
        if (*c != ',' || c[1] == ',') {
            g_string_append_c(part, *c);
            c += *c == ',';
            continue;
        }
        add_value(values, part);
        g_string_truncate(part, 0);
    }
    add_value(values, part);
}

void
mvm_qemu_values_clear(MvmQemuValues *values)
{
    g_ptr_array_unref(values->list);
}

static MvmQemuValue *
find(const MvmQemuValues *values, const char *key)
{
    for (guint i = values->list->len; i > 0; i--) {
        MvmQemuValue *value = values->list->pdata[i - 1];

        if (g_str_equal(value->key, key))
            return value;
    }
    return NULL;
}

const char *
mvm_qemu_values_get(const MvmQemuValues *values, const char *key)
{
    const MvmQemuValue *found = find(values, key);

    return found != NULL ? found->value : NULL;
}

const char *
mvm_qemu_values_take(MvmQemuValues *values, const char *key)
{
    MvmQemuValue *found = find(values, key);

    if (found == NULL)
        return NULL;
    found->used = true;
    return found->value;
}

void
mvm_qemu_values_same(MvmQemuValues *values, const char *key, const char *same)
{
    MvmQemuValue *found = find(values, key);

    if (found != NULL && (same == NULL || g_str_equal(found->value, same)))
        found->used = true;
}

void
mvm_qemu_values_leave(const MvmQemuValues *values, MvmImportSource *source)
{
    g_autoptr(GString) rest = g_string_new(NULL);
    const MvmQemuValue *first = values->list->pdata[0];
    const char *separator = first->used ? ", " : ",";

    for (guint i = 0; i < values->list->len; i++) {
        const MvmQemuValue *value = values->list->pdata[i];

        if (!value->used)
            g_string_append_printf(rest, "%s%s%s%s", rest->len > 0 ? separator : "", value->key,
                                   *value->key != '\0' ? "=" : "", value->value);
    }
    if (rest->len == 0)
        return;
    if (first->used && *first->value != '\0')
        mvm_import_leave(source, "argument '%s %s%s%s': %s", values->flag, first->key,
                         *first->key != '\0' ? "=" : "", first->value, rest->str);
    else
        mvm_import_leave(source, "argument '%s %s'", values->flag, rest->str);
}
