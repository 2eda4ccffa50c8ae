/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libxml2 tells what is in a document, but not where: its positions are those of a reader that
 * looks ahead. The text is known to be well formed when it comes here, so that finding its tags
 * takes no more than knowing where a comment, a section or a quoted value ends.
 */
#include "media/plist-private.h"

#include <string.h>

typedef struct {
    const char *text;
    size_t len, at;
    GArray *spans;
    GArray *open;  /* indices of the elements that have not ended, guint */
    xmlNode *next; /* of the tree, in document order: what the next start tag must be */
} Scan;

/* Behind the next occurrence of end; false when there is none. */
static bool
skip_to(Scan *scan, const char *end)
{
    const char *found = g_strstr_len(scan->text + scan->at, (gssize)(scan->len - scan->at), end);

    if (found == NULL)
        return false;
    scan->at = (size_t)(found - scan->text) + strlen(end);
    return true;
}

static bool
starts_with(const Scan *scan, const char *what)
{
    return scan->len - scan->at >= strlen(what) &&
           memcmp(scan->text + scan->at, what, strlen(what)) == 0;
}

/* Behind the '>' of the tag at hand; *ret_empty: it was "/>". */
static bool
skip_tag(Scan *scan, bool *ret_empty)
{
    char quote = '\0';

    for (; scan->at < scan->len; scan->at++) {
        char c = scan->text[scan->at];

        if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '>') {
            *ret_empty = scan->text[scan->at - 1] == '/';
            scan->at++;
            return true;
        }
    }
    return false;
}

static xmlNode *
next_in_document(xmlNode *node)
{
    xmlNode *child = mvm_xml_element(node->children);

    if (child != NULL)
        return child;
    for (; node != NULL && node->type == XML_ELEMENT_NODE; node = node->parent) {
        xmlNode *sibling = mvm_xml_element(node->next);

        if (sibling != NULL)
            return sibling;
    }
    return NULL;
}

/* Whether the tag that begins at begin (behind '<') is node's; a prefix counts as part of it. */
static bool
is_named(const Scan *scan, size_t begin, const xmlNode *node)
{
    size_t len = strcspn(scan->text + begin, " \t\r\n/>");
    const char *name = (const char *)node->name;

    return node->ns == NULL && len == strlen(name) && memcmp(scan->text + begin, name, len) == 0;
}

static bool
start_tag(Scan *scan)
{
    MvmPlistSpan span = {.begin = scan->at};
    guint index = scan->spans->len;
    bool empty = false;

    if (scan->next == NULL || !is_named(scan, scan->at + 1, scan->next) || !skip_tag(scan, &empty))
        return false;
    span.end = scan->at;
    g_array_append_val(scan->spans, span);
    scan->next->_private = GUINT_TO_POINTER(index);
    scan->next = next_in_document(scan->next);
    if (!empty)
        g_array_append_val(scan->open, index);
    return true;
}

static bool
end_tag(Scan *scan)
{
    MvmPlistSpan *span = NULL;
    size_t begin = scan->at;

    if (scan->open->len == 0 || !skip_to(scan, ">"))
        return false;
    span = &g_array_index(scan->spans, MvmPlistSpan,
                          g_array_index(scan->open, guint, scan->open->len - 1));
    span->inner_end = begin;
    span->end = scan->at;
    g_array_set_size(scan->open, scan->open->len - 1);
    return true;
}

/* One that only names its DTD. Comments within it would be a second language to look through. */
static bool
doctype(Scan *scan)
{
    size_t begin = scan->at;
    bool empty = false;

    return skip_tag(scan, &empty) && memchr(scan->text + begin, '[', scan->at - begin) == NULL;
}

/* One piece of markup, at '<'. */
static bool
markup(Scan *scan)
{
    if (starts_with(scan, "<!--"))
        return skip_to(scan, "-->");
    if (starts_with(scan, "<![CDATA["))
        return skip_to(scan, "]]>");
    if (starts_with(scan, "<?"))
        return skip_to(scan, "?>");
    if (starts_with(scan, "<!"))
        return doctype(scan);
    return starts_with(scan, "</") ? end_tag(scan) : start_tag(scan);
}

GArray *
mvm_plist_scan(xmlDoc *doc, const char *text, size_t len)
{
    g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(MvmPlistSpan));
    g_autoptr(GArray) open = g_array_new(FALSE, FALSE, sizeof(guint));
    Scan scan = {
        .text = text, .len = len, .spans = spans, .open = open, .next = xmlDocGetRootElement(doc)};

    while (scan.at < len) {
        const char *tag = memchr(text + scan.at, '<', len - scan.at);

        if (tag == NULL)
            break;
        scan.at = (size_t)(tag - text);
        if (!markup(&scan))
            return NULL;
    }
    return scan.next == NULL && open->len == 0 ? g_steal_pointer(&spans) : NULL;
}

const MvmPlistSpan *
mvm_plist_span_of(const GArray *spans, const xmlNode *node)
{
    return &g_array_index(spans, MvmPlistSpan, GPOINTER_TO_UINT(node->_private));
}
