/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options in <qemu:commandline>. Its <qemu:arg> elements are grouped to options: an argument
 * that begins with "-", and the one behind it when that does not. An option is a leaf of the
 * merge; its key is what QEMU itself tells it by: the id of a -netdev, the id or else the driver
 * of a -device, the property of a -global, else the name alone. The user's own options keep their
 * places.
 */
#include "xml/merge-internal.h"

#include <string.h>

typedef struct {
    xmlNode *first;  /* borrowed: the <qemu:arg> with the name */
    xmlNode *second; /* borrowed: the one with the value, or NULL */
    char *key;       /* owned */
    char *text;      /* owned: name and value */
    bool taken;      /* paired already */
} Option;

static void
option_clear(void *data)
{
    Option *option = data;

    g_free(option->key);
    g_free(option->text);
}

/* The value of a member of a JSON object, found without parsing it: these are flat. */
static char *
json_member(const char *json, const char *name)
{
    g_autofree char *pattern = g_strdup_printf("\"%s\"\\s*:\\s*\"([^\"\\\\]*)\"", name);
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_RAW, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;

    return g_regex_match(regex, json, 0, &match) ? g_match_info_fetch(match, 1) : NULL;
}

/* The value of "name=" in "driver,name=value,…", or NULL. */
static char *
list_member(const char *list, const char *name)
{
    g_auto(GStrv) parts = g_strsplit(list, ",", -1);
    size_t len = strlen(name);

    for (size_t i = 0; parts[i] != NULL; i++) {
        if (strncmp(parts[i], name, len) == 0 && parts[i][len] == '=')
            return g_strdup(parts[i] + len + 1);
    }
    return NULL;
}

static char *
member(const char *value, const char *name)
{
    return value[0] == '{' ? json_member(value, name) : list_member(value, name);
}

static char *
option_key(const char *name, const char *value)
{
    g_autofree char *id = member(value, "id");

    if (id == NULL && strcmp(name, "-device") == 0)
        id = value[0] == '{' ? member(value, "driver") : g_strndup(value, strcspn(value, ","));
    if (id == NULL && strcmp(name, "-global") == 0)
        id = g_strndup(value, strcspn(value, "="));
    return id == NULL ? g_strdup(name) : g_strdup_printf("%s %s", name, id);
}

static xmlNode *
next_arg(xmlNode *node)
{
    while (node != NULL && !mvm_xml_is(node, "qemu:arg"))
        node = node->next;
    return node;
}

/* The options below element, which may be NULL. */
static GArray *
list_options(xmlNode *element)
{
    GArray *options = g_array_new(FALSE, FALSE, sizeof(Option));
    xmlNode *next = NULL;

    g_array_set_clear_func(options, option_clear);
    for (xmlNode *node = element == NULL ? NULL : next_arg(element->children); node != NULL;
         node = next) {
        g_autofree char *name = mvm_merge_attr(node, "value", NULL);
        g_autofree char *value = NULL;
        Option option = {.first = node};

        next = next_arg(node->next);
        value = mvm_merge_attr(next, "value", NULL);
        if (name != NULL && name[0] == '-' && value != NULL && value[0] != '-') {
            option.second = next;
            option.key = option_key(name, value);
            option.text = g_strdup_printf("%s %s", name, value);
            next = next_arg(next->next);
        } else {
            option.key = g_strdup(name == NULL ? "" : name);
            option.text = g_strdup(option.key);
        }
        g_array_append_val(options, option);
    }
    return options;
}

static Option *
option_at(GArray *options, size_t i)
{
    return &g_array_index(options, Option, i);
}

/* Marks as taken, and returns, the first free option with that key; one whose text is a or b (NULL:
 * no wish) goes before others. NULL when there is none. */
static Option *
take_partner(GArray *options, const char *key, const char *a, const char *b)
{
    Option *found = NULL;

    for (size_t i = 0; i < options->len; i++) {
        Option *option = option_at(options, i);
        bool exact = g_strcmp0(option->text, a) == 0 || g_strcmp0(option->text, b) == 0;

        if (option->taken || strcmp(option->key, key) != 0 || (found != NULL && !exact))
            continue;
        found = option;
        if (exact)
            break;
    }
    if (found != NULL)
        found->taken = true;
    return found;
}

static void
option_drop(const Option *option)
{
    mvm_xml_drop(option->first);
    if (option->second != NULL)
        mvm_xml_drop(option->second);
}

/* Puts option behind after; returns its last argument there. */
static xmlNode *
option_insert(xmlNode *live, const Option *option, xmlNode *after)
{
    xmlNode *last = mvm_merge_insert(live, option->first, after, true);

    return option->second == NULL ? last : mvm_merge_insert(live, option->second, last, true);
}

static xmlNode *
option_last(const Option *option)
{
    return option->second == NULL ? option->first : option->second;
}

static bool
is_forced(const MvmMerge *merge, const Option *option)
{
    xmlNode *last = option_last(option);

    return g_hash_table_contains(merge->forced, option->first) ||
           g_hash_table_contains(merge->forced, last) ||
           g_hash_table_contains(merge->forcing, option->first) ||
           g_hash_table_contains(merge->forcing, last);
}

/* Merges one option of base, new or both (the other is NULL) into live. Returns the argument of
 * live behind which the next option of new belongs. */
static xmlNode *
merge_option(MvmMerge *merge, GArray *in_live, xmlNode *live, const Option *base, const Option *new,
             xmlNode *after, bool forced)
{
    const Option *ours = new == NULL ? base : new;
    const char *old_text = base == NULL ? NULL : base->text;
    const char *new_text = new == NULL ? NULL : new->text;
    Option *theirs = take_partner(in_live, ours->key, old_text, new_text);
    MvmMergeLeaf leaf = {
        .node = ours->first,
        .option = ours->key,
        .base = old_text,
        .live = theirs == NULL ? NULL : theirs->text,
        .new = new_text,
    };

    if (!mvm_merge_take(merge, &leaf, forced || (new != NULL &&is_forced(merge, new))))
        return theirs == NULL ? after : option_last(theirs);
    if (new != NULL)
        after = option_insert(live, new, theirs == NULL ? after : option_last(theirs));
    if (theirs != NULL)
        option_drop(theirs);
    return after;
}

void
mvm_merge_args(MvmMerge *merge, xmlNode *base, xmlNode *live, xmlNode *new, bool forced)
{
    g_autoptr(GArray) in_base = list_options(base);
    g_autoptr(GArray) in_live = list_options(live);
    g_autoptr(GArray) in_new = list_options(new);
    xmlNode *after = NULL;

    for (size_t i = 0; i < in_new->len; i++) {
        Option *option = option_at(in_new, i);
        Option *old = take_partner(in_base, option->key, option->text, NULL);

        after = merge_option(merge, in_live, live, old, option, after, forced);
    }
    for (size_t i = 0; i < in_base->len; i++) {
        if (!option_at(in_base, i)->taken)
            merge_option(merge, in_live, live, option_at(in_base, i), NULL, NULL, forced);
    }
}

static void
add_edit(GPtrArray *edits, const Option *option, const char *base, const char *live)
{
    const MvmMergeLeaf leaf = {
        .node = option->first,
        .option = option->key,
        .base = base,
        .live = live,
    };

    if (g_strcmp0(base, live) != 0)
        mvm_merge_add_edit(edits, &leaf);
}

void
mvm_merge_arg_edits(xmlNode *base, xmlNode *live, GPtrArray *edits)
{
    g_autoptr(GArray) in_base = list_options(base);
    g_autoptr(GArray) in_live = list_options(live);

    for (size_t i = 0; i < in_base->len; i++) {
        const Option *option = option_at(in_base, i);
        const Option *theirs = take_partner(in_live, option->key, option->text, NULL);

        add_edit(edits, option, option->text, theirs == NULL ? NULL : theirs->text);
    }
    for (size_t i = 0; i < in_live->len; i++) {
        if (!option_at(in_live, i)->taken)
            add_edit(edits, option_at(in_live, i), NULL, option_at(in_live, i)->text);
    }
}
