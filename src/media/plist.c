/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/plist.h"

#include "media/plist-private.h"
#include "util/error.h"

#include <stdlib.h>
#include <string.h>

/* libxml2 reads the text, plist-scan.c finds where each value stands in it, and a change replaces
 * these bytes; then both begin anew. A list of 40 KiB takes a millisecond. */
struct MvmPlist {
    char *what;
    GString *text;
    xmlDoc *doc;
    GArray *spans;
};

static xmlNode *
next_element(const xmlNode *node)
{
    return mvm_xml_element(node->next);
}

static xmlNode *
root_dict(xmlDoc *doc)
{
    xmlNode *root = xmlDocGetRootElement(doc);
    xmlNode *dict = mvm_xml_is(root, "plist") ? mvm_xml_element(root->children) : NULL;

    return dict != NULL && mvm_xml_is(dict, "dict") && next_element(dict) == NULL ? dict : NULL;
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool
bad_element(const MvmPlist *plist, const xmlNode *node, const char *why, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot read '%s': line %ld: %s", plist->what,
                xmlGetLineNo((xmlNode *)node), why);
    return false;
}

static bool
check_leaf(const MvmPlist *plist, const xmlNode *leaf, GError **error)
{
    return mvm_xml_element(leaf->children) == NULL ||
           bad_element(plist, leaf, "an element is in a value", error);
}

/* Checks what is below a container; the parser has bounded the depth. */
static bool
check_container(const MvmPlist *plist, const xmlNode *container, GError **error)
{
    bool in_dict = mvm_xml_is(container, "dict");
    bool key_next = in_dict;
    MvmPlistType type;

    for (xmlNode *node = mvm_xml_element(container->children); node != NULL;
         node = next_element(node)) {
        if (key_next != mvm_xml_is(node, "key"))
            return bad_element(plist, node, key_next ? "a key is missing" : "a value is missing",
                               error);
        key_next = in_dict && !key_next;
        if (mvm_xml_is(node, "key")) {
            if (!check_leaf(plist, node, error))
                return false;
            continue;
        }
        if (!mvm_plist_type_of(node, &type))
            return bad_element(plist, node, "no type of a property list", error);
        if (mvm_plist_is_container(type) ? !check_container(plist, node, error)
                                         : !check_leaf(plist, node, error))
            return false;
    }
    return !in_dict || key_next || bad_element(plist, container, "a value is missing", error);
}

/* Reads plist->text; on failure plist keeps the tree that it had. */
static bool
read_text(MvmPlist *plist, GError **error)
{
    g_autoptr(xmlDoc) doc = NULL;
    g_autoptr(GArray) spans = NULL;

    if (plist->text->len > MVM_PLIST_MAX_SIZE) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot read '%s': more than %d bytes",
                    plist->what, MVM_PLIST_MAX_SIZE);
        return false;
    }
    /* The parser would take it for the end. */
    if (memchr(plist->text->str, '\0', plist->text->len) != NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot read '%s': not text", plist->what);
        return false;
    }
    doc = mvm_xml_parse_plist(plist->text->str, plist->text->len, plist->what, error);
    if (doc == NULL)
        return false;
    spans = mvm_plist_scan(doc, plist->text->str, plist->text->len);
    if (spans == NULL || root_dict(doc) == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot read '%s': not a property list with a dictionary", plist->what);
        return false;
    }
    if (!check_container(plist, root_dict(doc), error))
        return false;
    g_clear_pointer(&plist->doc, xmlFreeDoc);
    g_clear_pointer(&plist->spans, g_array_unref);
    plist->doc = g_steal_pointer(&doc);
    plist->spans = g_steal_pointer(&spans);
    return true;
}

MvmPlist *
mvm_plist_parse(const char *text, size_t len, const char *what, GError **error)
{
    g_autoptr(MvmPlist) plist = g_new0(MvmPlist, 1);

    plist->what = g_strdup(what);
    plist->text = g_string_new_len(text, (gssize)len);
    return read_text(plist, error) ? g_steal_pointer(&plist) : NULL;
}

void
mvm_plist_free(MvmPlist *plist)
{
    if (plist == NULL)
        return;
    g_free(plist->what);
    g_string_free(plist->text, TRUE);
    g_clear_pointer(&plist->doc, xmlFreeDoc);
    g_clear_pointer(&plist->spans, g_array_unref);
    g_free(plist);
}

const char *
mvm_plist_get_text(const MvmPlist *plist, size_t *ret_len)
{
    *ret_len = plist->text->len;
    return plist->text->str;
}

/* --- finding ---------------------------------------------------------------------------------- */

/* The steps of path, without the backslashes; the caller frees. Never empty. */
static GStrv
split_path(const char *path)
{
    GPtrArray *steps = g_ptr_array_new();
    GString *step = g_string_new(NULL);

    for (const char *p = path; *p != '\0'; p++) {
        if (*p == '.') {
            g_ptr_array_add(steps, g_string_free(step, FALSE));
            step = g_string_new(NULL);
            continue;
        }
        if (*p == '\\' && (p[1] == '.' || p[1] == '\\'))
            p++;
        g_string_append_c(step, *p);
    }
    g_ptr_array_add(steps, g_string_free(step, FALSE));
    g_ptr_array_add(steps, NULL);
    return (GStrv)g_ptr_array_free(steps, FALSE);
}

static bool
has_key_text(const xmlNode *key, const char *text)
{
    g_autoptr(xmlChar) content = xmlNodeGetContent(key);

    return content != NULL && g_str_equal((const char *)content, text);
}

/* The value of key; *ret_twice when there is more than one. */
static xmlNode *
find_in_dict(const xmlNode *dict, const char *text, bool *ret_twice)
{
    xmlNode *found = NULL;

    for (xmlNode *key = mvm_xml_element(dict->children); key != NULL;
         key = next_element(next_element(key))) {
        if (!has_key_text(key, text))
            continue;
        *ret_twice = found != NULL;
        found = next_element(key);
        if (*ret_twice)
            break;
    }
    return found;
}

static xmlNode *
find_in_array(const xmlNode *array, const char *text)
{
    guint64 index = 0;
    xmlNode *node = mvm_xml_element(array->children);

    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &index, NULL))
        return NULL;
    for (; node != NULL && index > 0; index--)
        node = next_element(node);
    return node;
}

static void
set_not_found(const MvmPlist *plist, const char *path, const char *why, GError **error)
{
    g_autofree char *shown = g_strescape(path, NULL);

    g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND, "cannot find '%s' in '%s': %s", shown,
                plist->what, why);
}

/* The value that steps lead to, from the root dictionary on; path is for the message. *ret_twice is
 * set when a key on the way is there twice. */
static xmlNode *
find(const MvmPlist *plist, const char *path, const char *const *steps, bool *ret_twice,
     GError **error)
{
    xmlNode *node = root_dict(plist->doc);
    bool twice = false;

    *ret_twice = false;
    for (; *steps != NULL && node != NULL; steps++) {
        if (mvm_xml_is(node, "dict"))
            node = find_in_dict(node, *steps, &twice);
        else if (mvm_xml_is(node, "array"))
            node = find_in_array(node, *steps);
        else
            node = NULL;
        if (twice) {
            *ret_twice = true;
            set_not_found(plist, path, "a key is there twice", error);
            return NULL;
        }
    }
    if (node == NULL)
        set_not_found(plist, path, "no such key", error);
    return node;
}

xmlNode *
mvm_plist_find(const MvmPlist *plist, const char *path, GError **error)
{
    g_auto(GStrv) steps = path != NULL ? split_path(path) : NULL;
    bool twice = false;

    return path == NULL ? root_dict(plist->doc)
                        : find(plist, path, (const char *const *)steps, &twice, error);
}

char *
mvm_plist_get(const MvmPlist *plist, const char *path, MvmPlistType *ret_type, GError **error)
{
    xmlNode *node = mvm_plist_find(plist, path, error);
    MvmPlistType type;

    if (node == NULL || !mvm_plist_type_of(node, &type))
        return NULL;
    if (ret_type != NULL)
        *ret_type = type;
    return mvm_plist_value_text(node, type);
}

char *
mvm_plist_get_document(const MvmPlist *plist, const char *path, GError **error)
{
    xmlNode *node = mvm_plist_find(plist, path, error);
    const MvmPlistSpan *span = NULL;
    g_autofree char *value = NULL;

    if (node == NULL)
        return NULL;
    span = mvm_plist_span_of(plist->spans, node);
    value = g_strndup(plist->text->str + span->begin, span->end - span->begin);
    return g_strconcat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                       "<plist version=\"1.0\">\n",
                       value, "\n</plist>\n", NULL);
}

/* --- changing --------------------------------------------------------------------------------- */

/* Replaces bytes of the text; the old text comes back when the new one is no property list. */
static bool
splice(MvmPlist *plist, size_t begin, size_t end, const char *text, GError **error)
{
    GString *old = plist->text;

    plist->text = g_string_new_len(old->str, (gssize)begin);
    g_string_append(plist->text, text);
    g_string_append_len(plist->text, old->str + end, (gssize)(old->len - end));
    if (!read_text(plist, error)) {
        g_string_free(plist->text, TRUE);
        plist->text = old;
        return false;
    }
    g_string_free(old, TRUE);
    return true;
}

static bool
replace_value(MvmPlist *plist, const xmlNode *node, MvmPlistType type, const char *text,
              GError **error)
{
    const MvmPlistSpan *span = mvm_plist_span_of(plist->spans, node);
    g_autofree char *old = NULL, *element = NULL;
    MvmPlistType old_type;

    if (!mvm_plist_type_of(node, &old_type) || mvm_plist_is_container(old_type)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                    "cannot set a value in '%s': a dictionary or an array is there", plist->what);
        return false;
    }
    old = mvm_plist_value_text(node, old_type);
    if (old_type == type && g_str_equal(old, text))
        return true;
    element = mvm_plist_element_text(type, text);
    return splice(plist, span->begin, span->end, element, error);
}

/* The white space before the byte at, back to the end of line before it included. */
static char *
indentation_before(const GString *text, size_t at)
{
    size_t begin = at;

    while (begin > 0 && (text->str[begin - 1] == ' ' || text->str[begin - 1] == '\t'))
        begin--;
    if (begin > 0 && text->str[begin - 1] == '\n')
        begin--;
    if (begin > 0 && text->str[begin - 1] == '\r')
        begin--;
    return g_strndup(text->str + begin, at - begin);
}

/* Behind the last value of dict, as its first key stands; <dict/> is opened for it. */
static bool
add_value(MvmPlist *plist, const xmlNode *dict, const char *key, MvmPlistType type,
          const char *text, GError **error)
{
    const MvmPlistSpan *span = mvm_plist_span_of(plist->spans, dict);
    xmlNode *first = mvm_xml_element(dict->children);
    g_autofree char *escaped = mvm_plist_escape(key), *element = mvm_plist_element_text(type, text);
    g_autofree char *indent = NULL, *added = NULL;
    size_t at = span->inner_end;

    if (span->inner_end == 0) {
        added = g_strconcat("<dict><key>", escaped, "</key>", element, "</dict>", NULL);
        return splice(plist, span->begin, span->end, added, error);
    }
    indent = first == NULL
                 ? g_strdup("")
                 : indentation_before(plist->text, mvm_plist_span_of(plist->spans, first)->begin);
    for (xmlNode *node = first; node != NULL; node = next_element(node))
        at = mvm_plist_span_of(plist->spans, node)->end;
    added = g_strconcat(indent, "<key>", escaped, "</key>", indent, element, NULL);
    return splice(plist, at, at, added, error);
}

bool
mvm_plist_set(MvmPlist *plist, const char *path, MvmPlistType type, const char *text,
              GError **error)
{
    g_auto(GStrv) steps = split_path(path);
    g_autofree char *key = NULL;
    g_autoptr(GError) cause = NULL;
    xmlNode *node = NULL;
    bool twice = false;
    guint last = g_strv_length(steps) - 1;

    if (!mvm_plist_is_value(type, text)) {
        g_autofree char *shown = g_strescape(text, NULL);

        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot set '%s' to '%.64s': not %s %s",
                    path, shown, type == MVM_PLIST_INTEGER ? "an" : "a", mvm_plist_type_name(type));
        return false;
    }
    node = find(plist, path, (const char *const *)steps, &twice, &cause);
    if (node != NULL)
        return replace_value(plist, node, type, text, error);
    key = g_steal_pointer(&steps[last]);
    node = twice ? NULL : find(plist, path, (const char *const *)steps, &twice, NULL);
    if (node == NULL || !mvm_xml_is(node, "dict") || *key == '\0' ||
        !mvm_plist_is_value(MVM_PLIST_STRING, key)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    return add_value(plist, node, key, type, text, error);
}

bool
mvm_plist_remove(MvmPlist *plist, const char *path, GError **error)
{
    const xmlNode *node = mvm_plist_find(plist, path, error), *key = NULL;
    g_autofree char *indent = NULL;
    size_t begin = 0;

    if (node == NULL)
        return false;
    key = node->prev;
    while (key != NULL && key->type != XML_ELEMENT_NODE)
        key = key->prev;
    if (!mvm_xml_is(node->parent, "dict") || key == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                    "cannot take '%s' out of '%s': it is an element of an array", path,
                    plist->what);
        return false;
    }
    begin = mvm_plist_span_of(plist->spans, key)->begin;
    indent = indentation_before(plist->text, begin);
    return splice(plist, begin - strlen(indent), mvm_plist_span_of(plist->spans, node)->end, "",
                  error);
}
