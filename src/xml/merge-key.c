/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pairing. Each child gets a group (its name, and what must be equal even to be compared by order)
 * and, where the table knows one and the element has it, a key that is its own. Keys pair first;
 * an element without a key takes the first one of its group that is left over. So a NIC that was
 * rendered without a MAC still finds the one to which libvirt gave a MAC.
 */
#include "xml/merge-key.h"

#include <string.h>

/* "attr" is the element's own attribute, "child/attr" that of its first child of that name. */
static const struct {
    const char *name;
    const char *group; /* or NULL */
    const char *key;   /* or NULL: paired by order in its group */
} keys[] = {
    {"audio", NULL, "id"},
    {"cell", NULL, "id"},
    {"channel", NULL, "target/name"},
    {"codec", NULL, "type"},
    {"console", NULL, "target/port"},
    {"controller", "type", "index"},
    {"disk", NULL, "target/dev"},
    {"entry", NULL, "name"},
    {"env", NULL, "name"},
    {"feature", NULL, "name"},
    {"filesystem", NULL, "target/dir"},
    {"graphics", NULL, "type"},
    {"hostdev", "type", NULL},
    {"input", "type", "bus"},
    {"interface", NULL, "mac/address"},
    {"iothreadpin", NULL, "iothread"},
    {"listen", NULL, "type"},
    {"page", NULL, "size"},
    {"parallel", NULL, "target/port"},
    {"portForward", "proto", "address"},
    {"range", NULL, "start"},
    {"serial", NULL, "target/port"},
    {"shmem", NULL, "name"},
    {"sound", NULL, "model"},
    {"sysinfo", NULL, "type"},
    {"timer", NULL, "name"},
    {"vcpupin", NULL, "vcpu"},
};

/* One child while it is being paired. */
typedef struct {
    xmlNode *node;
    char *group;  /* owned */
    char *key;    /* owned, unique among the siblings; NULL without one */
    size_t match; /* index of its partner plus one; 0: none yet */
} Child;

static void
child_clear(void *data)
{
    Child *child = data;

    g_free(child->group);
    g_free(child->key);
}

static int
find_row(const xmlNode *node)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (strcmp((const char *)node->name, keys[i].name) == 0)
            return (int)i;
    }
    return -1;
}

char *
mvm_merge_attr(const xmlNode *node, const char *name, const char *uri)
{
    g_autoptr(xmlChar) value = NULL;

    if (node == NULL)
        return NULL;
    value = uri == NULL
                ? xmlGetNoNsProp((xmlNode *)node, (const xmlChar *)name)
                : xmlGetNsProp((xmlNode *)node, (const xmlChar *)name, (const xmlChar *)uri);
    return g_strdup((const char *)value);
}

/* The value at "attr" or "child/attr", or NULL. */
static char *
value_at(xmlNode *node, const char *place)
{
    const char *slash = strchr(place, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - place);

    if (slash == NULL)
        return mvm_merge_attr(node, place, NULL);
    for (xmlNode *child = mvm_xml_element(node->children); child != NULL;
         child = mvm_xml_element(child->next)) {
        if (strlen((const char *)child->name) == len &&
            strncmp((const char *)child->name, place, len) == 0)
            return mvm_merge_attr(child, slash + 1, NULL);
    }
    return NULL;
}

/* The key's value as it is compared: a MAC address has no case. */
static char *
key_of(xmlNode *node, int row)
{
    g_autofree char *value =
        row < 0 || keys[row].key == NULL ? NULL : value_at(node, keys[row].key);

    if (value != NULL && strcmp(keys[row].key, "mac/address") == 0)
        return g_ascii_strdown(value, -1);
    return g_steal_pointer(&value);
}

static char *
group_of(xmlNode *node, int row)
{
    const char *uri = node->ns == NULL ? "" : (const char *)node->ns->href;
    g_autofree char *value =
        row < 0 || keys[row].group == NULL ? NULL : value_at(node, keys[row].group);

    return g_strdup_printf("%s %s %s", uri, (const char *)node->name, value == NULL ? "" : value);
}

/* The child elements of parent. A key that occurs again is numbered, so that it stays unique. */
static GArray *
list_children(xmlNode *parent)
{
    GArray *children = g_array_new(FALSE, FALSE, sizeof(Child));
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    g_array_set_clear_func(children, child_clear);
    for (xmlNode *node = parent == NULL ? NULL : mvm_xml_element(parent->children); node != NULL;
         node = mvm_xml_element(node->next)) {
        int row = find_row(node);
        Child child = {.node = node, .group = group_of(node, row)};
        g_autofree char *value = key_of(node, row);

        if (value != NULL) {
            g_autofree char *plain = g_strdup_printf("%s %s", child.group, value);
            unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(seen, plain));

            child.key = g_strdup_printf("%u %s", count, plain);
            g_hash_table_insert(seen, g_steal_pointer(&plain), GUINT_TO_POINTER(count + 1));
        }
        g_array_append_val(children, child);
    }
    return children;
}

static Child *
child_at(GArray *children, size_t i)
{
    return &g_array_index(children, Child, i);
}

static void
pair_by_key(GArray *sought, GArray *found)
{
    g_autoptr(GHashTable) index = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t i = 0; i < found->len; i++) {
        if (child_at(found, i)->key != NULL)
            g_hash_table_insert(index, child_at(found, i)->key, GSIZE_TO_POINTER(i + 1));
    }
    for (size_t i = 0; i < sought->len; i++) {
        Child *child = child_at(sought, i);

        child->match =
            child->key == NULL ? 0 : GPOINTER_TO_SIZE(g_hash_table_lookup(index, child->key));
        if (child->match > 0)
            child_at(found, child->match - 1)->match = i + 1;
    }
}

/* The next of found after index *cursor that is free and of that group; SIZE_MAX at the end. */
static size_t
next_free(GArray *found, const char *group, size_t cursor)
{
    for (size_t i = cursor; i < found->len; i++) {
        if (child_at(found, i)->match == 0 && strcmp(child_at(found, i)->group, group) == 0)
            return i;
    }
    return SIZE_MAX;
}

static void
pair_by_order(GArray *sought, GArray *found)
{
    g_autoptr(GHashTable) cursors = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t i = 0; i < sought->len; i++) {
        Child *child = child_at(sought, i);
        size_t cursor = GPOINTER_TO_SIZE(g_hash_table_lookup(cursors, child->group));

        if (child->key != NULL || cursor > found->len)
            continue;
        cursor = next_free(found, child->group, cursor);
        g_hash_table_insert(cursors, child->group,
                            GSIZE_TO_POINTER(cursor == SIZE_MAX ? found->len + 1 : cursor + 1));
        if (cursor == SIZE_MAX)
            continue;
        child->match = cursor + 1;
        child_at(found, cursor)->match = i + 1;
    }
}

static void
pair(GArray *sought, GArray *found)
{
    pair_by_key(sought, found);
    pair_by_order(sought, found);
}

/* new's children, then those of base's that found no partner there; they take their keys along. */
static GArray *
join(GArray *base, GArray *new, GArray *triples)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Child));

    g_array_set_clear_func(all, child_clear);
    for (size_t i = 0; i < new->len + base->len; i++) {
        bool is_new = i < new->len;
        Child *child = is_new ? child_at(new, i) : child_at(base, i - new->len);
        Child copy = {child->node, g_strdup(child->group), g_strdup(child->key), 0};
        MvmMergeTriple triple = {NULL, NULL, NULL};

        if (!is_new && child->match > 0) {
            child_clear(&copy);
            continue;
        }
        if (is_new)
            triple.new = child->node;
        if (is_new && child->match > 0)
            triple.base = child_at(base, child->match - 1)->node;
        if (!is_new)
            triple.base = child->node;
        g_array_append_val(all, copy);
        g_array_append_val(triples, triple);
    }
    return all;
}

GArray *
mvm_merge_match(xmlNode *base, xmlNode *live, xmlNode *new)
{
    g_autoptr(GArray) in_base = list_children(base);
    g_autoptr(GArray) in_live = list_children(live);
    g_autoptr(GArray) in_new = list_children(new);
    g_autoptr(GArray) ours = NULL;
    GArray *triples = g_array_new(FALSE, FALSE, sizeof(MvmMergeTriple));

    pair(in_new, in_base);
    ours = join(in_base, in_new, triples);
    pair(ours, in_live);
    for (size_t i = 0; i < ours->len; i++) {
        size_t match = child_at(ours, i)->match;

        if (match > 0)
            g_array_index(triples, MvmMergeTriple, i).live = child_at(in_live, match - 1)->node;
    }
    return triples;
}

static const char *
prefix_of(const xmlNode *node)
{
    return node->ns == NULL || node->ns->prefix == NULL ? NULL : (const char *)node->ns->prefix;
}

/* "[2]" for the second of its name, "" for the first. */
static char *
ordinal(xmlNode *node)
{
    unsigned count = 1;

    for (xmlNode *other = node->prev; other != NULL; other = other->prev) {
        if (other->type == XML_ELEMENT_NODE && xmlStrEqual(other->name, node->name))
            count++;
    }
    return count == 1 ? g_strdup("") : g_strdup_printf("[%u]", count);
}

static char *
step_of(xmlNode *node)
{
    const char *prefix = prefix_of(node);
    int row = find_row(node);
    const char *place = row < 0 ? NULL : keys[row].key;
    g_autofree char *value = place == NULL ? NULL : value_at(node, place);
    const char *slash = place == NULL ? NULL : strchr(place, '/');
    g_autofree char *name = g_strdup_printf("%s%s%s", prefix == NULL ? "" : prefix,
                                            prefix == NULL ? "" : ":", (const char *)node->name);
    g_autofree char *number = NULL;

    if (value == NULL) {
        number = ordinal(node);
        return g_strconcat(name, number, NULL);
    }
    if (slash == NULL)
        return g_strdup_printf("%s[@%s='%s']", name, place, value);
    return g_strdup_printf("%s[%.*s/@%s='%s']", name, (int)(slash - place), place, slash + 1,
                           value);
}

char *
mvm_merge_path(xmlNode *node, const char *attr)
{
    GString *path = g_string_new(attr == NULL ? "" : "/@");

    if (attr != NULL)
        g_string_append(path, attr);
    for (; node != NULL && node->type == XML_ELEMENT_NODE; node = node->parent) {
        g_autofree char *step = step_of(node);

        g_string_prepend(path, step);
        g_string_prepend_c(path, '/');
    }
    return g_string_free(path, FALSE);
}
