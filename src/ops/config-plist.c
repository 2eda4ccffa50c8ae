/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/config-plist.h"

#include "ops/define-current.h"
#include "ops/define.h"
#include "ops/opencore-disk.h"
#include "ops/opencore.h"
#include "util/error.h"
#include "util/words.h"

#include <string.h>

/* --- reading ---------------------------------------------------------------------------------- */

/* The path of the disk that the machine boots from, on the libvirt host; the caller frees. */
static char *
find_disk(const MvmCurrent *current, const char *name, GError **error)
{
    const MvmHadImage *had = &current->images[MVM_IMAGE_OPENCORE];
    g_autofree char *word = NULL;
    char *path = NULL;

    if (had->path != NULL && had->attached)
        path = g_strdup(had->path);
    else
        path = mvm_xml_get(current->doc, "/domain/devices/disk[target/@dev='sda']/source/@file");
    if (path != NULL)
        return path;
    g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                "cannot read config.plist: '%s' has no OpenCore disk", name);
    word = mvm_word_quote(name);
    mvm_error_set_hint(error, "'macvm define %s' makes one", word);
    return NULL;
}

static MvmCurrent *
load_current(const MvmContext *context, const char *name, GError **error)
{
    MvmCurrent *current = NULL;

    if (!mvm_current_load(context->conn, name, &current, error))
        return NULL;
    if (current == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND, "cannot find machine '%s'", name);
        mvm_error_set_hint(error, "'macvm list' shows the machines there are");
    }
    return current;
}

/* *ret_base: see mvm_opencore_read(). */
static MvmPlist *
load(const MvmContext *context, const char *name, MvmPlist **ret_base, GError **error)
{
    MvmCurrent *current = load_current(context, name, error);
    g_autofree char *path = current != NULL ? find_disk(current, name, error) : NULL;

    mvm_current_free(current);
    return path != NULL ? mvm_opencore_read(context, path, ret_base, error) : NULL;
}

MvmPlist *
mvm_config_plist_load(const MvmContext *context, const char *name, GError **error)
{
    return load(context, name, NULL, error);
}

/* --- changing --------------------------------------------------------------------------------- */

static bool
usage(const MvmConfigChange *change, const char *why, const char *hint, GError **error)
{
    g_autofree char *shown = g_strescape(change->key, NULL);

    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot set '%.200s': %s", shown, why);
    mvm_error_set_hint(error, "%s", hint);
    return false;
}

static bool
find_type(const MvmConfigChange *change, const MvmPlist *plist, MvmPlistType *ret_type,
          GError **error)
{
    g_autofree char *now = NULL;

    if (change->type != NULL)
        return mvm_plist_type_find(change->type, ret_type) ||
               usage(change, "no such type", "string, integer, real, boolean and data can be set",
                     error);
    now = mvm_plist_get(plist, change->key, ret_type, error);
    if (now == NULL)
        mvm_error_set_hint(error, "a new key needs --type string, integer, real, boolean or data, "
                                  "and a dictionary that is there");
    return now != NULL;
}

/* What people write as mvm_plist_set() takes it; the caller frees. */
static char *
normalise(MvmPlistType type, const char *value)
{
    static const char *const yes[] = {"yes", "on", "1", NULL};
    static const char *const no[] = {"no", "off", "0", NULL};
    char *data = type == MVM_PLIST_DATA ? mvm_plist_data_from_hex(value) : NULL;

    if (data != NULL)
        return data;
    if (type == MVM_PLIST_BOOLEAN && g_strv_contains(yes, value))
        return g_strdup("true");
    if (type == MVM_PLIST_BOOLEAN && g_strv_contains(no, value))
        return g_strdup("false");
    return g_strdup(value);
}

static bool
check_change(const MvmConfigChange *change, GError **error)
{
    if (mvm_opencore_is_identity(change->key))
        return usage(change, "it is the machine's identity",
                     "'macvm status' tells it; it is made once for each machine", error);
    return mvm_config_edit_is_valid(change->key, "string", change->value) ||
           usage(change, "it is empty or too long", "a value has 64 KiB at most", error);
}

static void
tell_running(const MvmContext *context, const char *name, const MvmDefineResult *result)
{
    if (result->changed && result->running)
        mvm_progress_note(context->progress, "'%s' runs: this shows at its next start", name);
}

bool
mvm_config_plist_set(const MvmContext *context, const char *name, const MvmConfigChange *change,
                     bool *ret_changed, GError **error)
{
    g_autoptr(MvmPlist) plist = NULL;
    g_autoptr(MvmOptions) none = mvm_options_new();
    g_autofree char *value = NULL;
    g_auto(MvmDefineResult) result = {0};
    MvmConfigEdit edit = {0};
    MvmDefineRequest request = {.name = name, .options = none, .edit = &edit, .must_exist = true};
    MvmPlistType type;

    if (!check_change(change, error) ||
        (plist = mvm_config_plist_load(context, name, error)) == NULL ||
        !find_type(change, plist, &type, error))
        return false;
    value = normalise(type, change->value);
    /* Tried here, where nothing is made of it. */
    if (!mvm_plist_set(plist, change->key, type, value, error)) {
        mvm_error_set_hint(error, "'macvm config get' shows what is there, and --type sets another "
                                  "type");
        return false;
    }
    edit = (MvmConfigEdit){(char *)change->key, (char *)mvm_plist_type_name(type), value};
    if (!mvm_define(context, &request, &result, error))
        return false;
    tell_running(context, name, &result);
    *ret_changed = result.changed;
    return true;
}

/* --- taking back ------------------------------------------------------------------------------ */

static bool
refuse_unset(const char *key, MvmErrorCode code, const char *why, const char *hint, GError **error)
{
    g_autofree char *shown = g_strescape(key, NULL);

    g_set_error(error, MVM_ERROR, code, "cannot unset '%s': %s", shown, why);
    mvm_error_set_hint(error, "%s", hint);
    return false;
}

static bool
is_edited(const MvmMetadata *metadata, const char *key)
{
    for (guint i = 0; i < metadata->config->len; i++) {
        if (g_str_equal(((const MvmConfigEdit *)metadata->config->pdata[i])->key, key))
            return true;
    }
    return false;
}

static char *
list_edits(const MvmMetadata *metadata)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint i = 0; i < metadata->config->len; i++)
        g_string_append_printf(list, "%s'%s'", i > 0 ? ", " : "",
                               ((const MvmConfigEdit *)metadata->config->pdata[i])->key);
    return g_string_free(g_steal_pointer(&list), FALSE);
}

static bool
check_unset(const MvmContext *context, const char *name, const char *key, GError **error)
{
    MvmCurrent *current = load_current(context, name, error);
    g_autoptr(MvmPlist) plist = NULL, base = NULL;
    g_autofree char *list = NULL, *hint = NULL;
    bool edited = current != NULL && is_edited(current->metadata, key);

    list = current != NULL ? list_edits(current->metadata) : NULL;
    mvm_current_free(current);
    if (list == NULL)
        return false;
    hint = *list != '\0' ? g_strdup_printf("set are %s", list)
                         : g_strdup("'macvm config set' sets a key");
    if (!edited)
        return refuse_unset(key, MVM_ERROR_NOT_FOUND, "it was not set by 'macvm config set'", hint,
                            error);
    plist = load(context, name, &base, error);
    return plist != NULL &&
           (base != NULL ||
            refuse_unset(key, MVM_ERROR_CONFLICT, "the disk does not tell what OpenCore brought",
                         "'macvm opencore update' makes one that does", error));
}

bool
mvm_config_plist_unset(const MvmContext *context, const char *name, const char *key, GError **error)
{
    g_autoptr(MvmOptions) none = mvm_options_new();
    g_auto(MvmDefineResult) result = {0};
    MvmDefineRequest request = {.name = name, .options = none, .unset = key, .must_exist = true};

    if (!check_unset(context, name, key, error) || !mvm_define(context, &request, &result, error))
        return false;
    tell_running(context, name, &result);
    return true;
}
