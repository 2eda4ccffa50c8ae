/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The property list around the tables: plist / dict / "resource-fork" / dict / "blkx" / array of
 * dict / "Data", base64. Other resources ("plst", "size") are passed over. */
#include "media/udif-private.h"
#include "util/error.h"
#include "xml/xml.h"

#include <string.h>

/* Base64 alphabet, white space, and at most two "=" at the end: g_base64_decode() would pass over
 * anything else in silence. */
static bool
is_base64(const char *text)
{
    size_t end = strlen(text);
    unsigned padding = 0;

    while (end > 0 && (g_ascii_isspace(text[end - 1]) || text[end - 1] == '=')) {
        end--;
        padding += text[end] == '=';
    }
    for (size_t i = 0; i < end; i++) {
        if (!g_ascii_isalnum(text[i]) && !g_ascii_isspace(text[i]) && text[i] != '+' &&
            text[i] != '/')
            return false;
    }
    return padding <= 2;
}

/* The value that follows <key>name</key> in dict, if it is an element called type. */
static xmlNode *
dict_find(xmlNode *dict, const char *name, const char *type)
{
    xmlNode *node = dict == NULL ? NULL : mvm_xml_element(dict->children);

    while (node != NULL) {
        g_autofree char *key = mvm_xml_is(node, "key") ? mvm_xml_dup_text(node) : NULL;
        xmlNode *value = mvm_xml_element(node->next);

        if (value == NULL)
            return NULL;
        if (g_strcmp0(key, name) == 0)
            return mvm_xml_is(value, type) ? value : NULL;
        node = mvm_xml_element(value->next);
    }
    return NULL;
}

static bool
parse_entry(MvmUdif *udif, xmlNode *entry, GError **error)
{
    xmlNode *data = dict_find(entry, "Data", "data");
    g_autofree char *text = data == NULL ? NULL : mvm_xml_dup_text(data);
    g_autofree uint8_t *blob = NULL;
    gsize len = 0;

    if (text == NULL || !is_base64(text)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "table %u: it has no base64 data",
                    udif->tables->len);
        return false;
    }
    blob = g_base64_decode(text, &len);
    return mvm_udif_table_parse(udif, blob, len, error);
}

bool
mvm_udif_plist_parse(MvmUdif *udif, const char *plist, size_t len, GError **error)
{
    g_autoptr(xmlDoc) doc = mvm_xml_parse_plist(plist, len, "property list", error);
    xmlNode *dict = NULL;
    xmlNode *tables = NULL;

    if (doc == NULL)
        return false;
    dict = mvm_xml_get_node(doc, "/plist/dict");
    tables = dict_find(dict_find(dict, "resource-fork", "dict"), "blkx", "array");
    for (xmlNode *entry = tables == NULL ? NULL : mvm_xml_element(tables->children); entry != NULL;
         entry = mvm_xml_element(entry->next)) {
        if (!parse_entry(udif, entry, error))
            return false;
    }
    return true;
}
