/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "cli/pick.h"
#include "ops/config-plist.h"
#include "util/error.h"

#include <string.h>

static bool
print_json(const MvmPlist *plist, const char *name, const char *key, GError **error)
{
    MvmPlistType type = MVM_PLIST_DICT;
    g_autofree char *text = key != NULL ? mvm_plist_get(plist, key, &type, error) : g_strdup("");
    MvmJson *json = NULL;

    if (text == NULL)
        return false;
    json = mvm_json_new();
    mvm_json_begin_object(json, NULL);
    mvm_json_string(json, "name", name);
    mvm_json_string(json, "key", key);
    mvm_json_string(json, "type", mvm_plist_type_name(type));
    (void)mvm_plist_add_json(plist, key, json, "value", NULL);
    mvm_json_end_object(json);
    mvm_cli_print_json(json);
    return true;
}

/* A value as it can be given to set; a dictionary or an array as a property list. */
static bool
print_value(const MvmPlist *plist, const char *key, GError **error)
{
    MvmPlistType type = MVM_PLIST_DICT;
    g_autofree char *text = mvm_plist_get(plist, key, &type, error), *shown = NULL;

    if (text == NULL)
        return false;
    if (type == MVM_PLIST_DICT || type == MVM_PLIST_ARRAY) {
        shown = mvm_plist_get_document(plist, key, error);
        mvm_cli_print_document(shown);
    } else if (type == MVM_PLIST_DATA) {
        shown = mvm_plist_data_to_hex(text);
        mvm_cli_print(stdout, "%s\n", shown);
    } else {
        mvm_cli_print_document(text);
        putchar('\n');
    }
    return true;
}

static bool
get(MvmCli *cli, const MvmContext *context, const char *name, const char *key, GError **error)
{
    g_autoptr(MvmPlist) plist = mvm_config_plist_load(context, name, error);
    size_t len = 0;

    if (plist == NULL)
        return false;
    if (cli->json || key != NULL) {
        if (cli->json ? print_json(plist, name, key, error) : print_value(plist, key, error))
            return true;
        mvm_error_set_hint(error, "'macvm config get' without a key shows all there are; keys are "
                                  "joined by '.', and elements of arrays counted from 0");
        return false;
    }
    mvm_cli_print_document(mvm_plist_get_text(plist, &len));
    return true;
}

static bool
set(MvmCli *cli, const MvmContext *context, const char *name, const MvmConfigChange *change,
    GError **error)
{
    bool changed = false;

    if (!mvm_config_plist_set(context, name, change, &changed, error))
        return false;
    if (changed)
        mvm_cli_tell(cli, name, "changed", "'%s' of '%s' is set", change->key, name);
    else
        mvm_cli_tell(cli, name, "unchanged", "'%s' of '%s' is as it should be", change->key, name);
    return true;
}

static bool
unset(MvmCli *cli, const MvmContext *context, const char *name, const char *key, GError **error)
{
    if (!mvm_config_plist_unset(context, name, key, error))
        return false;
    mvm_cli_tell(cli, name, "changed", "'%s' of '%s' is as OpenCore brings it", key, name);
    return true;
}

/* The words after config, with the number of arguments that each takes. */
static const struct {
    const char *word, *takes;
    int min, max;
    bool type;
} verbs[] = {
    {"get", "a machine and a key", 3, 4, false},
    {"set", "a machine, a key and a value", 5, 5, true},
    {"unset", "a machine and a key", 4, 4, false},
};

static bool
check_args(int argc, char **argv, const char *type, GError **error)
{
    size_t i = 0;

    while (i < G_N_ELEMENTS(verbs) && strcmp(argv[1], verbs[i].word) != 0)
        i++;
    if (i == G_N_ELEMENTS(verbs)) {
        g_autofree char *shown = g_strescape(argv[1], NULL);

        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                    "cannot run 'config %s': not get, set or unset", shown);
    } else if (argc < verbs[i].min || argc > verbs[i].max || (type != NULL && !verbs[i].type)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot run 'config %s': it takes %s",
                    verbs[i].word, verbs[i].takes);
    } else {
        return true;
    }
    mvm_error_set_hint(error, "'macvm config --help' shows how it is used");
    return false;
}

bool
mvm_cmd_config(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_autofree char *type = NULL, *name = NULL;
    char *given_type = NULL;
    MvmContext context = {0};
    MvmConfigChange change = {0};
    const GOptionEntry entries[] = {
        {"type", 0, 0, G_OPTION_ARG_STRING, &given_type, "the value's type; a new key needs one",
         "string|integer|real|boolean|data"},
        G_OPTION_ENTRY_NULL,
    };
    bool parsed = mvm_cli_parse(cli, entries, &argc, &argv, error);

    type = given_type;
    if (!parsed || !check_args(argc, argv, type, error) ||
        (name = mvm_cli_pick(cli, argv[2], &context, error)) == NULL)
        return false;
    if (strcmp(argv[1], "unset") == 0)
        return unset(cli, &context, name, argv[3], error);
    if (argc < 5)
        return get(cli, &context, name, argc > 3 ? argv[3] : NULL, error);
    change = (MvmConfigChange){.key = argv[3], .type = type, .value = argv[4]};
    return set(cli, &context, name, &change, error);
}
