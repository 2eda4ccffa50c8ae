/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading and writing by path. Reading is libxml2's XPath. Writing parses a small, unambiguous
 * part of XPath by itself, because an expression in general does not say what is to be made when
 * it matches nothing.
 */
#include "xml/xml.h"

#include "util/error.h"

#include <libxml/xpathInternals.h>
#include <string.h>

/* One step of a path that can be written: name, and what its predicate demands. */
typedef struct {
    char *name;  /* owned */
    char *child; /* owned; NULL when the attribute is the element's own, or there is none */
    char *attr;  /* owned; NULL without a predicate */
    char *value; /* owned */
} Step;

static void
step_clear(Step *step)
{
    g_free(step->name);
    g_free(step->child);
    g_free(step->attr);
    g_free(step->value);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Step, step_clear)

#if LIBXML_VERSION >= 21200
typedef const xmlError *Complaint;
#else
typedef xmlError *Complaint;
#endif

static void
keep_quiet(void *data, Complaint complaint)
{
}

static xmlXPathObject *
evaluate(xmlDoc *doc, xmlNode *node, const char *path)
{
    g_autoptr(xmlXPathContext) ctxt = xmlXPathNewContext(doc);
    xmlXPathObject *result = NULL;

    if (ctxt == NULL)
        g_error("libxml2 is out of memory");
    ctxt->error = keep_quiet;
    ctxt->node = node;
    xmlXPathRegisterNs(ctxt, (const xmlChar *)"qemu", (const xmlChar *)MVM_XML_NS_QEMU);
    xmlXPathRegisterNs(ctxt, (const xmlChar *)"macvm", (const xmlChar *)MVM_XML_NS_MACVM);
    result = xmlXPathEvalExpression((const xmlChar *)path, ctxt);
    if (result == NULL)
        g_critical("not an XPath expression: %s", path);
    return result;
}

static bool
is_empty(const xmlXPathObject *result)
{
    return result == NULL ||
           (result->type == XPATH_NODESET && xmlXPathNodeSetIsEmpty(result->nodesetval));
}

/* An attribute or an element; never a namespace, which XPath hands out as a copy of its own. */
static bool
is_node(const xmlNode *node)
{
    return node->type == XML_ELEMENT_NODE || node->type == XML_ATTRIBUTE_NODE;
}

char *
mvm_xml_node_get(xmlNode *node, const char *path)
{
    g_autoptr(xmlXPathObject) result = evaluate(node->doc, node, path);
    g_autoptr(xmlChar) value = NULL;

    if (is_empty(result))
        return NULL;
    value = xmlXPathCastToString(result);
    return g_strdup((const char *)value);
}

char *
mvm_xml_get(xmlDoc *doc, const char *path)
{
    return mvm_xml_node_get((xmlNode *)doc, path);
}

GPtrArray *
mvm_xml_get_nodes(xmlDoc *doc, const char *path)
{
    return mvm_xml_node_get_nodes((xmlNode *)doc, path);
}

GPtrArray *
mvm_xml_node_get_nodes(xmlNode *node, const char *path)
{
    g_autoptr(xmlXPathObject) result = evaluate(node->doc, node, path);
    GPtrArray *nodes = g_ptr_array_new();

    if (is_empty(result) || result->type != XPATH_NODESET)
        return nodes;
    xmlXPathNodeSetSort(result->nodesetval);
    for (int i = 0; i < result->nodesetval->nodeNr; i++) {
        if (is_node(result->nodesetval->nodeTab[i]))
            g_ptr_array_add(nodes, result->nodesetval->nodeTab[i]);
    }
    return nodes;
}

xmlNode *
mvm_xml_get_node(xmlDoc *doc, const char *path)
{
    g_autoptr(GPtrArray) nodes = mvm_xml_get_nodes(doc, path);

    for (unsigned i = 0; i < nodes->len; i++) {
        xmlNode *node = nodes->pdata[i];

        if (node->type == XML_ELEMENT_NODE)
            return node;
    }
    return NULL;
}

bool
mvm_xml_get_uint(xmlDoc *doc, const char *path, uint64_t *ret_value, GError **error)
{
    g_autofree char *text = mvm_xml_get(doc, path);
    guint64 value = 0;

    if (text == NULL ||
        !g_ascii_string_to_unsigned(g_strstrip(text), 10, 0, G_MAXUINT64, &value, NULL)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot read '%s': %s", path,
                    text == NULL ? "the document does not have it" : "not a number");
        return false;
    }
    *ret_value = value;
    return true;
}

/* Advances *p over a name and returns a copy, or NULL when there is none. */
static char *
take_name(const char **p)
{
    size_t len = 0;
    const char *start = *p;

    while (g_ascii_isalnum(start[len]) || (start[len] != '\0' && strchr("_-.:", start[len])))
        len++;
    *p += len;
    return len == 0 ? NULL : g_strndup(start, len);
}

/* "[@attr='value']" or "[child/@attr='value']" at *p; leaves *p behind it. */
static bool
take_predicate(const char **p, Step *step)
{
    const char *end = NULL;

    (*p)++;
    if (**p != '@') {
        step->child = take_name(p);
        if (step->child == NULL || **p != '/')
            return false;
        (*p)++;
    }
    if (*(*p)++ != '@' || (step->attr = take_name(p)) == NULL || *(*p)++ != '=')
        return false;
    if (**p != '\'' && **p != '"')
        return false;
    end = strchr(*p + 1, **p);
    if (end == NULL || end[1] != ']')
        return false;
    step->value = g_strndup(*p + 1, (size_t)(end - *p - 1));
    *p = end + 2;
    return true;
}

/* The next "/name[predicate]" of a path; false when there is none or it has another form. */
static bool
take_step(const char **p, Step *step)
{
    if (**p != '/')
        return false;
    (*p)++;
    step->name = take_name(p);
    return step->name != NULL && (**p != '[' || take_predicate(p, step));
}

static bool
attribute_is(xmlNode *node, const char *attr, const char *value)
{
    g_autoptr(xmlChar) found = xmlGetNoNsProp(node, (const xmlChar *)attr);

    return found != NULL && strcmp((const char *)found, value) == 0;
}

static bool
step_matches(xmlNode *node, const Step *step)
{
    if (!mvm_xml_is(node, step->name))
        return false;
    if (step->attr == NULL)
        return true;
    if (step->child == NULL)
        return attribute_is(node, step->attr, step->value);
    for (xmlNode *child = mvm_xml_element(node->children); child != NULL;
         child = mvm_xml_element(child->next)) {
        if (mvm_xml_is(child, step->child) && attribute_is(child, step->attr, step->value))
            return true;
    }
    return false;
}

static xmlNode *
step_make(xmlNode *parent, const Step *step)
{
    xmlNode *node = mvm_xml_add(parent, step->name);

    if (step->attr != NULL)
        mvm_xml_attr(step->child == NULL ? node : mvm_xml_add(node, step->child), step->attr, "%s",
                     step->value);
    return node;
}

/* The element that step leads to from parent, made when missing; the root is never made. */
static xmlNode *
step_follow(xmlNode *parent, const Step *step)
{
    for (xmlNode *node = mvm_xml_element(parent->children); node != NULL;
         node = mvm_xml_element(node->next)) {
        if (step_matches(node, step))
            return node;
    }
    return parent->type == XML_ELEMENT_NODE ? step_make(parent, step) : NULL;
}

/* Whether path can be written; *ret_attr points behind the "@" of a last step, or is NULL. */
static bool
check_path(const char *path, const char **ret_attr)
{
    const char *p = path;

    *ret_attr = NULL;
    while (*p != '\0') {
        g_auto(Step) step = {.name = NULL};

        if (p != path && g_str_has_prefix(p, "/@")) {
            g_autofree char *attr = NULL;

            *ret_attr = p + 2;
            p += 2;
            attr = take_name(&p);
            return attr != NULL && *p == '\0';
        }
        if (!take_step(&p, &step))
            return false;
    }
    return p != path;
}

/* The element that path leads to; a last "/@attr" is left out. */
static xmlNode *
follow(xmlDoc *doc, const char *path)
{
    xmlNode *node = (xmlNode *)doc;

    for (const char *p = path; *p != '\0' && !g_str_has_prefix(p, "/@") && node != NULL;) {
        g_auto(Step) step = {.name = NULL};

        take_step(&p, &step);
        node = step_follow(node, &step);
    }
    return node;
}

xmlNode *
mvm_xml_ensure(xmlDoc *doc, const char *path)
{
    const char *attr = NULL;
    xmlNode *node = check_path(path, &attr) && attr == NULL ? follow(doc, path) : NULL;

    if (node == NULL)
        g_critical("cannot write to path: %s", path);
    return node;
}

void
mvm_xml_set(xmlDoc *doc, const char *path, const char *format, ...)
{
    const char *attr = NULL;
    xmlNode *node = check_path(path, &attr) ? follow(doc, path) : NULL;
    g_autofree char *text = NULL;
    va_list args;

    if (node == NULL) {
        g_critical("cannot write to path: %s", path);
        return;
    }
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    if (attr != NULL)
        mvm_xml_attr(node, attr, "%s", text);
    else
        mvm_xml_set_text(node, text);
}

size_t
mvm_xml_remove(xmlDoc *doc, const char *path)
{
    g_autoptr(GPtrArray) nodes = mvm_xml_get_nodes(doc, path);
    size_t count = nodes->len;

    /* Backwards, so that what is inside another match goes before it. */
    for (unsigned i = nodes->len; i > 0; i--) {
        if (nodes->pdata[i - 1] == xmlDocGetRootElement(doc))
            count--;
        else
            mvm_xml_drop(nodes->pdata[i - 1]);
    }
    return count;
}
