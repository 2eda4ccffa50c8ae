/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/plist-private.h"

static void add_value(const xmlNode *node, MvmJson *json, const char *key);

static void
add_dict(const xmlNode *dict, MvmJson *json, const char *key)
{
    xmlNode *name = mvm_xml_element(dict->children);

    mvm_json_begin_object(json, key);
    while (name != NULL) {
        xmlNode *value = mvm_xml_element(name->next);
        g_autofree char *text = mvm_xml_dup_text(name);

        add_value(value, json, text);
        name = mvm_xml_element(value->next);
    }
    mvm_json_end_object(json);
}

static void
add_array(const xmlNode *array, MvmJson *json, const char *key)
{
    mvm_json_begin_array(json, key);
    for (xmlNode *node = mvm_xml_element(array->children); node != NULL;
         node = mvm_xml_element(node->next))
        add_value(node, json, NULL);
    mvm_json_end_array(json);
}

static void
add_integer(const char *text, MvmJson *json, const char *key)
{
    bool hex = g_str_has_prefix(text, "0x");
    gint64 value = 0;
    guint64 positive = 0;

    if (hex && g_ascii_string_to_unsigned(text + 2, 16, 0, G_MAXINT64, &positive, NULL))
        mvm_json_int(json, key, (int64_t)positive);
    else if (!hex && g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &value, NULL))
        mvm_json_int(json, key, value);
    else
        mvm_json_string(json, key, text);
}

static void
add_value(const xmlNode *node, MvmJson *json, const char *key)
{
    MvmPlistType type;
    g_autofree char *text = NULL, *hex = NULL;

    if (!mvm_plist_type_of(node, &type))
        return; /* the reader has refused such */
    if (type == MVM_PLIST_DICT) {
        add_dict(node, json, key);
        return;
    }
    if (type == MVM_PLIST_ARRAY) {
        add_array(node, json, key);
        return;
    }
    text = mvm_plist_value_text(node, type);
    if (type == MVM_PLIST_BOOLEAN)
        mvm_json_bool(json, key, g_str_equal(text, "true"));
    else if (type == MVM_PLIST_INTEGER)
        add_integer(text, json, key);
    else if (type == MVM_PLIST_DATA)
        mvm_json_string(json, key, hex = mvm_plist_data_to_hex(text));
    else
        mvm_json_string(json, key, text);
}

bool
mvm_plist_add_json(const MvmPlist *plist, const char *path, MvmJson *json, const char *key,
                   GError **error)
{
    const xmlNode *node = mvm_plist_find(plist, path, error);

    if (node == NULL)
        return false;
    add_value(node, json, key);
    return true;
}
