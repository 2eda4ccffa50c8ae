/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/config.h"

#include "upstream/osk.h"
#include "util/error.h"
#include "util/paths.h"
#include "util/secret.h"

#include <string.h>

#define GROUP "machine"
#define SYSTEM_FILE "/etc/macvm/macvm.conf"

static bool
take_osk(const char *value, char **osk, GError **error)
{
    if (strlen(value) != MVM_OSK_LENGTH) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "the value of 'osk' is not %d characters",
                    MVM_OSK_LENGTH);
        return false;
    }
    mvm_secret_free(*osk);
    *osk = g_strdup(value);
    return true;
}

static bool
take_key(GKeyFile *file, const char *key, MvmOptions *options, char **osk, GError **error)
{
    mvm_autosecret char *value = g_key_file_get_string(file, GROUP, key, NULL);
    MvmOption option = mvm_option_find(key);

    if (value == NULL) {
        /* GKeyFile quotes the value, and the value may be the OSK. */
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                    "the value of '%s' is not text: a '\\' must be doubled", key);
        return false;
    }
    if (strcmp(key, "osk") == 0)
        return take_osk(value, osk, error);
    if (option == MVM_OPTION_COUNT) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "unknown key '%s'", key);
        return false;
    }
    return mvm_options_set(options, option, value, error);
}

static bool
load_file(const char *path, MvmOptions *options, char **osk, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) cause = NULL;
    g_auto(GStrv) keys = NULL;
    g_auto(GStrv) groups = NULL;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &cause)) {
        if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return true;
        /* GKeyFile quotes the line, and the line may be the OSK. */
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot read '%s': %s", path,
                    cause->domain == G_KEY_FILE_ERROR ? "it is not in the form of a key file"
                                                      : cause->message);
        mvm_error_set_hint(error, "lines are [" GROUP "], then KEY=VALUE");
        return false;
    }
    groups = g_key_file_get_groups(file, NULL);
    for (char **group = groups; *group != NULL; group++) {
        if (strcmp(*group, GROUP) == 0)
            continue;
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot use '%s': unknown group [%s]", path,
                    *group);
        mvm_error_set_hint(error, "the group is [" GROUP "]");
        return false;
    }
    keys = g_key_file_get_keys(file, GROUP, NULL, NULL);
    for (char **key = keys; key != NULL && *key != NULL; key++) {
        if (!take_key(file, *key, options, osk, error)) {
            g_prefix_error(error, "cannot use '%s': ", path);
            return false;
        }
    }
    return true;
}

bool
mvm_config_load(MvmOptions **ret_options, char **ret_osk, GError **error)
{
    g_autoptr(MvmOptions) options = mvm_options_new();
    g_autofree char *own = mvm_path_user_config("macvm.conf");
    mvm_autosecret char *osk = NULL;

    if (!load_file(SYSTEM_FILE, options, &osk, error) || !load_file(own, options, &osk, error))
        return false;
    *ret_options = g_steal_pointer(&options);
    *ret_osk = g_steal_pointer(&osk);
    return true;
}
