/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/json.h"

#include "util/words.h"

#include <json-glib/json-glib.h>

struct MvmJson {
    JsonBuilder *builder; /* owned */
};

MvmJson *
mvm_json_new(void)
{
    MvmJson *json = g_new0(MvmJson, 1);

    json->builder = json_builder_new();
    return json;
}

void
mvm_json_free(MvmJson *json)
{
    if (json == NULL)
        return;
    g_object_unref(json->builder);
    g_free(json);
}

static JsonBuilder *
member(MvmJson *json, const char *key)
{
    if (key != NULL)
        json_builder_set_member_name(json->builder, key);
    return json->builder;
}

void
mvm_json_begin_object(MvmJson *json, const char *key)
{
    json_builder_begin_object(member(json, key));
}

void
mvm_json_end_object(MvmJson *json)
{
    json_builder_end_object(json->builder);
}

void
mvm_json_begin_array(MvmJson *json, const char *key)
{
    json_builder_begin_array(member(json, key));
}

void
mvm_json_end_array(MvmJson *json)
{
    json_builder_end_array(json->builder);
}

void
mvm_json_string(MvmJson *json, const char *key, const char *value)
{
    g_autofree char *valid = value != NULL ? g_utf8_make_valid(value, -1) : NULL;

    if (value == NULL)
        json_builder_add_null_value(member(json, key));
    else
        json_builder_add_string_value(member(json, key), valid);
}

void
mvm_json_int(MvmJson *json, const char *key, int64_t value)
{
    json_builder_add_int_value(member(json, key), value);
}

void
mvm_json_bool(MvmJson *json, const char *key, bool value)
{
    json_builder_add_boolean_value(member(json, key), value);
}

void
mvm_json_null(MvmJson *json, const char *key)
{
    json_builder_add_null_value(member(json, key));
}

/* As "\\u202e": json-glib escapes no more than JSON asks for, and a document may be read on a
 * terminal. Such characters can be in strings alone. */
static void
append_escaped(GString *out, gunichar c)
{
    if (c >= 0x10000) {
        c -= 0x10000;
        g_string_append_printf(out, "\\u%04x", 0xd800 + (c >> 10));
        c = 0xdc00 + (c & 0x3ff);
    }
    g_string_append_printf(out, "\\u%04x", c);
}

static char *
escape_hidden(const char *text)
{
    GString *out = g_string_new(NULL);

    for (const char *next = NULL; *text != '\0'; text = next) {
        gunichar c = g_utf8_get_char(text);

        next = g_utf8_next_char(text);
        if (c >= 0x7f && mvm_char_is_hidden(c))
            append_escaped(out, c);
        else
            g_string_append_len(out, text, next - text);
    }
    return g_string_free(out, FALSE);
}

char *
mvm_json_to_text(MvmJson *json, bool pretty)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    JsonNode *root = json_builder_get_root(json->builder);
    g_autofree char *text = NULL, *shown = NULL;

    json_generator_set_root(generator, root);
    json_generator_set_pretty(generator, pretty);
    text = json_generator_to_data(generator, NULL);
    json_node_free(root);
    shown = escape_hidden(text);
    return g_strconcat(shown, "\n", NULL);
}

char **
mvm_json_find_strings(const char *text, const char *list, const char *key)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GStrvBuilder) found = g_strv_builder_new();
    JsonNode *root =
        json_parser_load_from_data(parser, text, -1, NULL) ? json_parser_get_root(parser) : NULL;
    JsonNode *node = root != NULL && JSON_NODE_HOLDS_OBJECT(root)
                         ? json_object_get_member(json_node_get_object(root), list)
                         : NULL;
    JsonArray *array =
        node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonNode *element = json_array_get_element(array, i);
        JsonNode *value = JSON_NODE_HOLDS_OBJECT(element)
                              ? json_object_get_member(json_node_get_object(element), key)
                              : NULL;

        if (value != NULL && json_node_get_value_type(value) == G_TYPE_STRING)
            g_strv_builder_add(found, json_node_get_string(value));
    }
    return g_strv_builder_end(found);
}
