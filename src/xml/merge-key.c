/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pairing. Each child gets a group (its name, and what must be equal even to be compared by order)
 * and, where the table knows one and the element has it, a key that is its own. Keys pair first;
 * an element without a key takes the first one of its group that is left over. So a NIC that was
 * rendered without a MAC still finds the one to which libvirt gave a MAC. Where macvm changes a key
 * (a tablet's bus), the two renderings are twins, and the domain's element is found by either key.
 */
#include "xml/merge-key.h"

#include <string.h>

/* "attr" is the element's own attribute, "child/attr" that of its first child of that name. */
static const struct {
    const char *name;
    const char *group; /* or NULL */
    const char *key;   /* or NULL: paired by order in its group */
    /* By what two renderings of macvm's are still one thing when their keys differ: "" for their
     * order in the group, "child/attr" for an equal value. NULL: they are two things. */
    const char *twin;
} keys[] = {
    {"audio", NULL, "id", NULL},
    {"cell", NULL, "id", NULL},
    {"channel", NULL, "target/name", NULL},
    {"codec", NULL, "type", NULL},
    {"console", NULL, "target/port", NULL},
    {"controller", "type", "index", NULL},
    {"disk", NULL, "target/dev", "source/file"},
    {"entry", NULL, "name", NULL},
    {"env", NULL, "name", NULL},
    {"feature", NULL, "name", NULL},
    {"filesystem", NULL, "target/dir", NULL},
    {"graphics", NULL, "type", ""},
    {"hostdev", "type", NULL, NULL},
    {"input", "type", "bus", ""},
    {"interface", NULL, "mac/address", ""},
    {"iothreadpin", NULL, "iothread", NULL},
    {"listen", NULL, "type", NULL},
    {"page", NULL, "size", NULL},
    {"parallel", NULL, "target/port", NULL},
    {"portForward", "proto", "address", NULL},
    {"range", NULL, "to", NULL},
    {"serial", NULL, "target/port", NULL},
    {"shmem", NULL, "name", NULL},
    {"sound", NULL, "model", ""},
    {"sysinfo", NULL, "type", NULL},
    {"timer", NULL, "name", NULL},
    {"vcpupin", NULL, "vcpu", NULL},
};

/* One child while it is being paired. */
typedef struct {
    xmlNode *node;
    char *group;  /* owned */
    char *key;    /* owned, unique among the siblings; NULL without one */
    char *twin;   /* owned; equal in two renderings of one thing; NULL without one */
    char *former; /* owned; the key that it has in base, where that is another; or NULL */
    size_t match; /* index of its partner plus one; 0: none yet */
} Child;

static void
child_clear(void *data)
{
    Child *child = data;

    g_free(child->group);
    g_free(child->key);
    g_free(child->twin);
    g_free(child->former);
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

static char *
twin_of(xmlNode *node, int row)
{
    const char *place = row < 0 ? NULL : keys[row].twin;

    return place == NULL || place[0] == '\0' ? g_strdup(place) : value_at(node, place);
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
        Child child = {.node = node, .group = group_of(node, row), .twin = twin_of(node, row)};
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
match(GArray *sought, size_t i, GArray *found, size_t k)
{
    child_at(sought, i)->match = k + 1;
    child_at(found, k)->match = i + 1;
}

/* former: by the key that those sought have in base, where that is another. */
static void
pair_by_key(GArray *sought, GArray *found, bool former)
{
    g_autoptr(GHashTable) index = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t i = 0; i < found->len; i++) {
        if (child_at(found, i)->key != NULL)
            g_hash_table_insert(index, child_at(found, i)->key, GSIZE_TO_POINTER(i + 1));
    }
    for (size_t i = 0; i < sought->len; i++) {
        Child *child = child_at(sought, i);
        const char *key = former ? child->former : child->key;
        size_t k = key == NULL ? 0 : GPOINTER_TO_SIZE(g_hash_table_lookup(index, key));

        if (k > 0 && child->match == 0 && child_at(found, k - 1)->match == 0)
            match(sought, i, found, k - 1);
    }
}

/* What is left over of two renderings, and is still one thing by another key. */
static void
pair_twins(GArray *sought, GArray *found)
{
    for (size_t i = 0; i < sought->len; i++) {
        Child *child = child_at(sought, i);

        for (size_t k = 0; k < found->len && child->twin != NULL && child->match == 0; k++) {
            Child *other = child_at(found, k);

            if (other->match == 0 && strcmp(child->group, other->group) == 0 &&
                g_strcmp0(child->twin, other->twin) == 0)
                match(sought, i, found, k);
        }
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

        if (child->key != NULL || child->match > 0 || cursor > found->len)
            continue;
        cursor = next_free(found, child->group, cursor);
        g_hash_table_insert(cursors, child->group,
                            GSIZE_TO_POINTER(cursor == SIZE_MAX ? found->len + 1 : cursor + 1));
        if (cursor == SIZE_MAX)
            continue;
        match(sought, i, found, cursor);
    }
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
        Child copy = {child->node, g_strdup(child->group), g_strdup(child->key), NULL, NULL, 0};
        MvmMergeTriple triple = {NULL, NULL, NULL};

        if (!is_new && child->match > 0) {
            child_clear(&copy);
            continue;
        }
        if (is_new)
            triple.new = child->node;
        if (is_new && child->match > 0) {
            const Child *old = child_at(base, child->match - 1);

            triple.base = old->node;
            copy.former = g_strcmp0(old->key, child->key) == 0 ? NULL : g_strdup(old->key);
        }
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

    pair_by_key(in_new, in_base, false);
    pair_twins(in_new, in_base);
    pair_by_order(in_new, in_base);
    ours = join(in_base, in_new, triples);
    /* What macvm changed is most often still what it was. */
    pair_by_key(ours, in_live, true);
    pair_by_key(ours, in_live, false);
    pair_by_order(ours, in_live);
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
