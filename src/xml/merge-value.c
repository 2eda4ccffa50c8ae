/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values by meaning. */
#include "xml/merge-value.h"

#include "xml/merge-key.h"

#include <string.h>

/* Sizes whose unit is KiB when they do not say. */
static const char *const memory_names[] = {"memory",       "currentMemory", "maxMemory",
                                           "hard_limit",   "soft_limit",    "swap_hard_limit",
                                           "min_guarantee"};

/* The units of libvirt's <memory unit=…>, as bytes. */
static const struct {
    const char *name;
    uint64_t bytes;
} units[] = {
    {"b", 1},
    {"bytes", 1},
    {"KB", 1000},
    {"k", 1024},
    {"KiB", 1024},
    {"MB", 1000 * 1000},
    {"M", 1024 * 1024},
    {"MiB", 1024 * 1024},
    {"GB", 1000 * 1000 * 1000},
    {"G", 1024 * 1024 * 1024},
    {"GiB", 1024 * 1024 * 1024},
    {"TB", UINT64_C(1000) * 1000 * 1000 * 1000},
    {"T", UINT64_C(1024) * 1024 * 1024 * 1024},
    {"TiB", UINT64_C(1024) * 1024 * 1024 * 1024},
};

/* What a conflict must not show: the OSK in a QEMU option, as text or JSON. */
static const char *const secrets[] = {"osk=", "\"osk\"", "&quot;osk&quot;"};

static bool
named(const xmlNode *node, const char *name)
{
    return strcmp((const char *)node->name, name) == 0;
}

bool
mvm_merge_is_size(const xmlNode *node)
{
    for (size_t i = 0; i < G_N_ELEMENTS(memory_names); i++) {
        if (named(node, memory_names[i]) && mvm_xml_element(node->children) == NULL)
            return true;
    }
    return false;
}

MvmValueKind
mvm_merge_kind(const xmlNode *node, const char *attr)
{
    if (attr == NULL && named(node, "nvram"))
        return MVM_VALUE_NVRAM;
    if (attr == NULL)
        return mvm_merge_is_size(node) ? MVM_VALUE_SIZE : MVM_VALUE_PLAIN;
    if (named(node, "graphics") && strcmp(attr, "port") == 0)
        return MVM_VALUE_PORT;
    if (named(node, "mac") && strcmp(attr, "address") == 0)
        return MVM_VALUE_MAC;
    if (named(node, "type") && strcmp(attr, "machine") == 0)
        return MVM_VALUE_MACHINE;
    return MVM_VALUE_PLAIN;
}

char *
mvm_merge_text(const xmlNode *node)
{
    g_autofree char *text = NULL;
    g_autofree char *unit = NULL;

    if (node == NULL)
        return NULL;
    text = mvm_xml_dup_text(node);
    if (!mvm_merge_is_size(node))
        return g_steal_pointer(&text);
    unit = mvm_merge_attr(node, "unit", NULL);
    return g_strdup_printf("%s %s", text, unit == NULL ? "KiB" : unit);
}

/* The bytes that "16 GiB" stands for; false when it is not such a text. */
static bool
size_value(const char *text, uint64_t *ret_bytes)
{
    char *end = NULL;
    guint64 count = g_ascii_strtoull(text, &end, 10);

    if (end == text || *end != ' ' || !g_ascii_isdigit(text[0]))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        if (g_ascii_strcasecmp(end + 1, units[i].name) == 0)
            return !__builtin_mul_overflow(count, units[i].bytes, ret_bytes);
    }
    return false;
}

static bool
is_hex(const char *text)
{
    return text[0] == '0' && g_ascii_tolower(text[1]) == 'x' && g_ascii_isxdigit(text[2]);
}

/* The number that all of text is, decimal or with 0x; false when it is none. */
static bool
number_value(const char *text, uint64_t *ret_value)
{
    if (is_hex(text))
        return g_ascii_string_to_unsigned(text + 2, 16, 0, G_MAXUINT64, ret_value, NULL);
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, ret_value, NULL);
}

/* Two numbers of which one is hexadecimal; two decimal ones are compared as text, because a
 * leading zero in a serial number means something. */
static bool
same_number(const char *a, const char *b)
{
    uint64_t x = 0;
    uint64_t y = 0;

    return (is_hex(a) || is_hex(b)) && number_value(a, &x) && number_value(b, &y) && x == y;
}

static bool
same_machine(const char *rendered, const char *live)
{
    if (strcmp(rendered, "q35") == 0)
        return g_str_has_prefix(live, "pc-q35-");
    return strcmp(rendered, "pc") == 0 && g_str_has_prefix(live, "pc-i440fx-");
}

/* Whether path is where libvirt itself puts a domain's NVRAM. */
static bool
is_auto_nvram(const char *path)
{
    return strstr(path, "/qemu/nvram/") != NULL && strstr(path, "_VARS.") != NULL;
}

bool
mvm_merge_same(MvmValueKind kind, const char *rendered, const char *other, MvmSide side)
{
    uint64_t a = 0;
    uint64_t b = 0;

    if (kind == MVM_VALUE_PORT && side == MVM_SIDE_LIVE && other == NULL)
        return rendered == NULL || strcmp(rendered, "-1") == 0;
    if (rendered == NULL || other == NULL)
        return rendered == other;
    if (strcmp(rendered, other) == 0)
        return true;
    switch (kind) {
    case MVM_VALUE_SIZE:
        return size_value(rendered, &a) && size_value(other, &b) && a == b;
    case MVM_VALUE_MAC:
        return g_ascii_strcasecmp(rendered, other) == 0;
    case MVM_VALUE_MACHINE:
        return side == MVM_SIDE_LIVE && same_machine(rendered, other);
    case MVM_VALUE_NVRAM:
        return side == MVM_SIDE_LIVE && rendered[0] == '\0' && is_auto_nvram(other);
    case MVM_VALUE_PORT:
    case MVM_VALUE_PLAIN:
        return same_number(rendered, other);
    }
    return false;
}

/* Whether all attributes of rendered are in other, and other has no others of its own. */
static bool
covers_attributes(xmlNode *rendered, xmlNode *other, MvmSide side)
{
    for (xmlAttr *attr = rendered->properties; attr != NULL; attr = attr->next) {
        const char *name = (const char *)attr->name;
        const char *uri = attr->ns == NULL ? NULL : (const char *)attr->ns->href;
        g_autofree char *a = mvm_merge_attr(rendered, name, uri);
        g_autofree char *b = mvm_merge_attr(other, name, uri);

        if (strcmp(name, "unit") == 0 && mvm_merge_is_size(rendered))
            continue;
        if (!mvm_merge_same(mvm_merge_kind(rendered, name), a, b, side))
            return false;
    }
    for (xmlAttr *attr = other->properties; attr != NULL; attr = attr->next) {
        const char *name = (const char *)attr->name;
        const char *uri = attr->ns == NULL ? NULL : (const char *)attr->ns->href;
        g_autofree char *a = mvm_merge_attr(rendered, name, uri);
        g_autofree char *b = mvm_merge_attr(other, name, uri);

        if (a == NULL && !(strcmp(name, "unit") == 0 && mvm_merge_is_size(other)) &&
            !(side == MVM_SIDE_LIVE && mvm_merge_is_libvirts_attr(other, name, b)))
            return false;
    }
    return true;
}

/* The same for child elements. */
static bool
covers_children(xmlNode *rendered, xmlNode *other, MvmSide side)
{
    g_autoptr(GArray) triples = mvm_merge_match(rendered, other, NULL);
    g_autoptr(GHashTable) matched = g_hash_table_new(NULL, NULL);

    for (size_t i = 0; i < triples->len; i++) {
        MvmMergeTriple *triple = &g_array_index(triples, MvmMergeTriple, i);

        if (triple->live == NULL || !mvm_merge_covers(triple->base, triple->live, side))
            return false;
        g_hash_table_add(matched, triple->live);
    }
    for (xmlNode *child = mvm_xml_element(other->children); child != NULL;
         child = mvm_xml_element(child->next)) {
        if (!g_hash_table_contains(matched, child) &&
            !(side == MVM_SIDE_LIVE && mvm_merge_is_libvirts_child(child)))
            return false;
    }
    return true;
}

bool
mvm_merge_covers(xmlNode *rendered, xmlNode *other, MvmSide side)
{
    g_autofree char *a = mvm_merge_text(rendered);
    g_autofree char *b = mvm_merge_text(other);

    return mvm_merge_same(mvm_merge_kind(rendered, NULL), a, b, side) &&
           covers_attributes(rendered, other, side) && covers_children(rendered, other, side);
}

char *
mvm_merge_show(const char *value)
{
    if (value == NULL)
        return g_strdup("(none)");
    for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++) {
        if (strstr(value, secrets[i]) != NULL)
            return g_strdup("osk=(hidden)");
    }
    return g_strdup(value);
}

char *
mvm_merge_show_attr(const char *attr, const char *value)
{
    if (value != NULL && strcmp(attr, "passwd") == 0)
        return g_strdup("(hidden)");
    return mvm_merge_show(value);
}

/* text with every run of whitespace that holds a line's end, and the indentation, gone. */
static char *
one_line(const char *text)
{
    GString *out = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (size_t i = 0; lines[i] != NULL; i++)
        g_string_append(out, g_strstrip(lines[i]));
    return g_string_free(out, FALSE);
}

char *
mvm_merge_show_element(const xmlNode *node)
{
    g_autofree char *text = NULL;
    g_autofree char *line = NULL;
    g_autoptr(xmlDoc) alone = NULL;
    g_autoptr(GPtrArray) hidden = NULL;

    if (node == NULL)
        return g_strdup("(none)");
    text = mvm_xml_node_to_text(node);
    alone = mvm_xml_parse(text, strlen(text), "element", NULL);
    if (alone == NULL) /* longer than a parser's bound */
        return g_strdup("(long)");
    hidden = mvm_xml_get_nodes(alone, "//*[@passwd]");
    for (unsigned i = 0; i < hidden->len; i++)
        mvm_xml_attr(hidden->pdata[i], "passwd", "(hidden)");
    g_free(text);
    text = mvm_xml_to_text(alone);
    line = one_line(text);
    return mvm_merge_show(line);
}
