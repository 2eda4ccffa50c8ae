/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/config.h"

#include "upstream/osk.h"
#include "util/error.h"
#include "util/paths.h"
#include "util/secret.h"

#include <string.h>

#define MACHINE_GROUP "machine"
#define FETCH_GROUP "fetch"
#define CONNECTION_GROUP "connection"
#define TIMEOUT_MAX 3600
#define SYSTEM_FILE "/etc/macvm/macvm.conf"

/* What both files say together. */
typedef struct {
    MvmOptions *options;  /* owned */
    char *osk;            /* owned; NULL: none */
    MvmFetchConfig fetch; /* owned */
} Config;

static void
config_clear(Config *config)
{
    g_clear_pointer(&config->options, mvm_options_free);
    g_clear_pointer(&config->osk, mvm_secret_free);
    mvm_fetch_config_clear(&config->fetch);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Config, config_clear)

void
mvm_fetch_config_clear(MvmFetchConfig *fetch)
{
    g_clear_pointer(&fetch->server, g_free);
    g_clear_pointer(&fetch->trust_key, g_free);
}

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
set_unknown_key(const char *key, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "unknown key '%s'", key);
    return false;
}

static bool
take_machine_key(Config *config, const char *key, const char *value, GError **error)
{
    MvmOption option = mvm_option_find(key);

    if (strcmp(key, "osk") == 0)
        return take_osk(value, &config->osk, error);
    if (option == MVM_OPTION_COUNT)
        return set_unknown_key(key, error);
    return mvm_options_set(config->options, option, value, error);
}

static bool
take_fetch_key(Config *config, const char *key, const char *value, GError **error)
{
    if (strcmp(key, "server") == 0) {
        g_free(config->fetch.server);
        config->fetch.server = g_strdup(value);
        return true;
    }
    if (strcmp(key, "trust_key") != 0)
        return set_unknown_key(key, error);
    if (!g_path_is_absolute(value)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                    "the value of 'trust_key' is not the full path of a file");
        return false;
    }
    g_free(config->fetch.trust_key);
    config->fetch.trust_key = g_strdup(value);
    return true;
}

static bool
take_group(GKeyFile *file, const char *group, Config *config, GError **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);

    for (char **key = keys; key != NULL && *key != NULL; key++) {
        mvm_autosecret char *value = g_key_file_get_string(file, group, *key, NULL);

        if (value == NULL) {
            /* GKeyFile quotes the value, and the value may be the OSK. */
            g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                        "the value of '%s' is not text: a '\\' must be doubled", *key);
            return false;
        }
        if (strcmp(group, MACHINE_GROUP) == 0 ? !take_machine_key(config, *key, value, error)
                                              : !take_fetch_key(config, *key, value, error))
            return false;
    }
    return true;
}

static bool
check_groups(GKeyFile *file, const char *path, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

    for (char **group = groups; *group != NULL; group++) {
        if (strcmp(*group, MACHINE_GROUP) == 0 || strcmp(*group, FETCH_GROUP) == 0 ||
            strcmp(*group, CONNECTION_GROUP) == 0)
            continue;
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot use '%s': unknown group [%s]", path,
                    *group);
        mvm_error_set_hint(error, "the groups are [" MACHINE_GROUP "], [" FETCH_GROUP "] and "
                                  "[" CONNECTION_GROUP "]");
        return false;
    }
    return true;
}

static bool
load_file(const char *path, Config *config, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) cause = NULL;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &cause)) {
        if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return true;
        /* GKeyFile quotes the line, and the line may be the OSK. */
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot read '%s': %s", path,
                    cause->domain == G_KEY_FILE_ERROR ? "it is not in the form of a key file"
                                                      : cause->message);
        mvm_error_set_hint(error, "lines are [" MACHINE_GROUP "], then KEY=VALUE");
        return false;
    }
    if (!check_groups(file, path, error))
        return false;
    if (take_group(file, MACHINE_GROUP, config, error) &&
        take_group(file, FETCH_GROUP, config, error))
        return true;
    g_prefix_error(error, "cannot use '%s': ", path);
    return false;
}

static bool
load(Config *config, GError **error)
{
    g_autofree char *own = mvm_path_user_config("macvm.conf");

    config->options = mvm_options_new();
    return load_file(SYSTEM_FILE, config, error) && load_file(own, config, error);
}

bool
mvm_config_load(MvmOptions **ret_options, char **ret_osk, GError **error)
{
    g_auto(Config) config = {0};

    if (!load(&config, error))
        return false;
    *ret_options = g_steal_pointer(&config.options);
    *ret_osk = g_steal_pointer(&config.osk);
    return true;
}

bool
mvm_config_load_fetch(MvmFetchConfig *ret_fetch, GError **error)
{
    g_auto(Config) config = {0};

    if (!load(&config, error))
        return false;
    if (config.fetch.server == NULL && config.fetch.trust_key != NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                    "cannot use macvm.conf: 'trust_key' needs 'server'");
        return false;
    }
    *ret_fetch = config.fetch;
    config.fetch = (MvmFetchConfig){0};
    return true;
}

static bool
take_connection_key(const char *key, const char *value, unsigned *timeout, GError **error)
{
    guint64 seconds = 0;

    if (strcmp(key, "timeout") != 0)
        return set_unknown_key(key, error);
    if (!g_ascii_string_to_unsigned(value, 10, 1, TIMEOUT_MAX, &seconds, NULL)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                    "the value of 'timeout' is not a number of seconds from 1 to %d", TIMEOUT_MAX);
        return false;
    }
    *timeout = (unsigned)seconds;
    return true;
}

static bool
load_connection(const char *path, unsigned *timeout, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_auto(GStrv) keys = NULL;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
        return true;
    keys = g_key_file_get_keys(file, CONNECTION_GROUP, NULL, NULL);
    for (char **key = keys; key != NULL && *key != NULL; key++) {
        g_autofree char *value = g_key_file_get_value(file, CONNECTION_GROUP, *key, NULL);

        if (take_connection_key(*key, value, timeout, error))
            continue;
        g_prefix_error(error, "cannot use '%s': ", path);
        return false;
    }
    return true;
}

bool
mvm_config_load_timeout(unsigned *ret_timeout, GError **error)
{
    g_autofree char *own = mvm_path_user_config("macvm.conf");

    return load_connection(SYSTEM_FILE, ret_timeout, error) &&
           load_connection(own, ret_timeout, error);
}
