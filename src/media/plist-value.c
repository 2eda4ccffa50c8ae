/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of property lists: https://www.apple.com/DTDs/PropertyList-1.0.dtd */
#include "media/plist-private.h"

#include <math.h>
#include <string.h>

static const char *const type_names[] = {
    [MVM_PLIST_STRING] = "string",   [MVM_PLIST_INTEGER] = "integer", [MVM_PLIST_REAL] = "real",
    [MVM_PLIST_BOOLEAN] = "boolean", [MVM_PLIST_DATA] = "data",       [MVM_PLIST_DATE] = "date",
    [MVM_PLIST_DICT] = "dict",       [MVM_PLIST_ARRAY] = "array",
};

bool
mvm_plist_type_of(const xmlNode *node, MvmPlistType *ret_type)
{
    const char *name = (const char *)node->name;

    *ret_type = MVM_PLIST_BOOLEAN;
    if (g_str_equal(name, "true") || g_str_equal(name, "false"))
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(type_names); i++) {
        *ret_type = (MvmPlistType)i;
        if (i != MVM_PLIST_BOOLEAN && g_str_equal(name, type_names[i]))
            return true;
    }
    return false;
}

bool
mvm_plist_is_container(MvmPlistType type)
{
    return type == MVM_PLIST_DICT || type == MVM_PLIST_ARRAY;
}

static void
drop_white_space(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        if (!g_ascii_isspace(*from))
            *to++ = *from;
    }
    *to = '\0';
}

char *
mvm_plist_value_text(const xmlNode *node, MvmPlistType type)
{
    g_autoptr(xmlChar) content = xmlNodeGetContent(node);
    char *text = NULL;

    if (type == MVM_PLIST_BOOLEAN)
        return g_strdup((const char *)node->name);
    text = g_strdup(mvm_plist_is_container(type) || content == NULL ? "" : (const char *)content);
    if (type == MVM_PLIST_DATA)
        drop_white_space(text);
    else if (type != MVM_PLIST_STRING)
        g_strstrip(text);
    return text;
}

/* One of 64 bits, with a sign or without. */
static bool
is_integer(const char *text)
{
    const char *digits = text + (*text == '-' || *text == '+');
    bool hex = g_str_has_prefix(digits, "0x");
    guint64 limit = *text == '-' ? (guint64)G_MAXINT64 + 1 : G_MAXUINT64, value = 0;

    return g_ascii_isxdigit(digits[hex ? 2 : 0]) &&
           g_ascii_string_to_unsigned(digits + (hex ? 2 : 0), hex ? 16 : 10, 0, limit, &value,
                                      NULL);
}

static bool
is_real(const char *text)
{
    char *end = NULL;

    double value = g_ascii_strtod(text, &end);

    return end != text && *end == '\0' && isfinite(value) &&
           strspn(text, "0123456789+-.eE") == strlen(text);
}

/* Whole groups of four; g_base64_decode() would pass over anything else in silence. */
static bool
is_base64(const char *text)
{
    size_t len = strlen(text);
    size_t body = strspn(text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "+/");

    return len % 4 == 0 && len - body <= 2 && strspn(text + body, "=") == len - body;
}

/* What XML can hold: UTF-8 without control characters. */
static bool
is_string(const char *text)
{
    if (!g_utf8_validate(text, -1, NULL))
        return false;
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if ((c < 0x20 && c != '\t' && c != '\n') || c == 0xfffe || c == 0xffff)
            return false;
    }
    return true;
}

bool
mvm_plist_is_value(MvmPlistType type, const char *text)
{
    switch (type) {
    case MVM_PLIST_STRING:
        return is_string(text);
    case MVM_PLIST_INTEGER:
        return is_integer(text);
    case MVM_PLIST_REAL:
        return is_real(text);
    case MVM_PLIST_BOOLEAN:
        return g_str_equal(text, "true") || g_str_equal(text, "false");
    case MVM_PLIST_DATA:
        return is_base64(text);
    case MVM_PLIST_DATE:
    case MVM_PLIST_DICT:
    case MVM_PLIST_ARRAY:
        break;
    }
    return false;
}

char *
mvm_plist_escape(const char *text)
{
    GString *escaped = g_string_new(text);

    g_string_replace(escaped, "&", "&amp;", 0);
    g_string_replace(escaped, "<", "&lt;", 0);
    g_string_replace(escaped, ">", "&gt;", 0);
    return g_string_free(escaped, FALSE);
}

char *
mvm_plist_element_text(MvmPlistType type, const char *text)
{
    g_autofree char *escaped = mvm_plist_escape(text);

    if (type == MVM_PLIST_BOOLEAN)
        return g_strdup_printf("<%s/>", text);
    return g_strdup_printf("<%s>%s</%s>", type_names[type], escaped, type_names[type]);
}

const char *
mvm_plist_type_name(MvmPlistType type)
{
    return type_names[type];
}

bool
mvm_plist_type_find(const char *name, MvmPlistType *ret_type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(type_names); i++) {
        if (g_str_equal(type_names[i], name)) {
            *ret_type = (MvmPlistType)i;
            return true;
        }
    }
    return false;
}

char *
mvm_plist_data_to_hex(const char *base64)
{
    gsize len = 0;
    g_autofree guchar *bytes = g_base64_decode(base64, &len);
    GString *hex = g_string_new("0x");

    for (gsize i = 0; i < len; i++)
        g_string_append_printf(hex, "%02x", bytes[i]);
    return g_string_free(hex, FALSE);
}

char *
mvm_plist_data_from_hex(const char *hex)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const char *digits = hex + strlen("0x");

    if (!g_str_has_prefix(hex, "0x") || strlen(digits) % 2 != 0)
        return NULL;
    for (; *digits != '\0'; digits += 2) {
        int high = g_ascii_xdigit_value(digits[0]), low = g_ascii_xdigit_value(digits[1]);
        guint8 byte = (guint8)(high * 16 + low);

        if (high < 0 || low < 0)
            return NULL;
        g_byte_array_append(bytes, &byte, 1);
    }
    return g_base64_encode(bytes->data, bytes->len);
}
