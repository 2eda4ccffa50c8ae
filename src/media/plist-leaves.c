/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The values of a property list, each with its path. */
#include "media/plist-private.h"

#include <string.h>

/* Longer ones are nobody's; what is below them is left out, or each of its values would carry it.
 */
#define MAX_PATH 1024

static void
leaf_free(void *data)
{
    MvmPlistLeaf *leaf = data;

    g_free(leaf->path);
    g_free(leaf->value);
    g_free(leaf);
}

/* path with one more step, a backslash before what a step ends with; the caller frees. */
static char *
join(const char *path, const char *step)
{
    GString *joined = g_string_new(path);

    if (joined->len > 0)
        g_string_append_c(joined, '.');
    for (; *step != '\0'; step++) {
        if (*step == '.' || *step == '\\')
            g_string_append_c(joined, '\\');
        g_string_append_c(joined, *step);
    }
    return g_string_free(joined, FALSE);
}

static void add_below(const xmlNode *container, const char *path, GPtrArray *leaves);

static void
add_value(const xmlNode *node, const char *path, const char *step, GPtrArray *leaves)
{
    g_autofree char *joined = join(path, step);
    MvmPlistLeaf *leaf = NULL;
    MvmPlistType type;

    if (strlen(joined) > MAX_PATH || !mvm_plist_type_of(node, &type))
        return;
    if (mvm_plist_is_container(type)) {
        add_below(node, joined, leaves);
        return;
    }
    leaf = g_new0(MvmPlistLeaf, 1);
    *leaf = (MvmPlistLeaf){g_steal_pointer(&joined), type, mvm_plist_value_text(node, type)};
    g_ptr_array_add(leaves, leaf);
}

/* The depth is the parser's to bound. */
static void
add_below(const xmlNode *container, const char *path, GPtrArray *leaves)
{
    g_autofree char *key = NULL;
    guint index = 0;

    for (xmlNode *node = mvm_xml_element(container->children); node != NULL;
         node = mvm_xml_element(node->next)) {
        if (mvm_xml_is(node, "key")) {
            g_free(key);
            key = mvm_plist_value_text(node, MVM_PLIST_STRING);
        } else if (key != NULL) {
            add_value(node, path, key, leaves);
        } else {
            g_autofree char *step = g_strdup_printf("%u", index++);

            add_value(node, path, step, leaves);
        }
    }
}

GPtrArray *
mvm_plist_leaves(const MvmPlist *plist)
{
    GPtrArray *leaves = g_ptr_array_new_with_free_func(leaf_free);

    add_below(mvm_plist_find(plist, NULL, NULL), "", leaves);
    return leaves;
}
