/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole documents: parse with bounds, copy, compare, print. */
#include "xml/xml.h"

#include "util/error.h"
#include "util/file.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlsave.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlParserCtxt, xmlFreeParserCtxt)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlBuffer, xmlBufferFree)

static void
init_libxml2(void)
{
    static gsize done = 0;

    if (g_once_init_enter(&done)) {
        xmlInitParser();
        g_once_init_leave(&done, 1);
    }
}

/* Called at "<!DOCTYPE", before anything in it is read. */
static void
refuse_doctype(void *data, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    xmlParserCtxt *ctxt = data;

    ctxt->_private = GINT_TO_POINTER(true);
    xmlStopParser(ctxt);
}

/* A property list's document type only names Apple's DTD: it is passed over. Whatever could be
 * declared in it, or refer to what it declares, is refused by the handlers below. */
static void
ignore_doctype(void *data, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
}

static void
refuse_entity(void *data, const xmlChar *name, int type, const xmlChar *public_id,
              const xmlChar *system, xmlChar *content)
{
    refuse_doctype(data, name, public_id, system);
}

static void
refuse_attribute(void *data, const xmlChar *element, const xmlChar *name, int type, int def,
                 const xmlChar *value, xmlEnumeration *tree)
{
    xmlFreeEnumeration(tree);
    refuse_doctype(data, name, NULL, NULL);
}

static void
refuse_element(void *data, const xmlChar *name, int type, xmlElementContent *content)
{
    refuse_doctype(data, name, NULL, NULL);
}

static void
refuse_unparsed(void *data, const xmlChar *name, const xmlChar *public_id, const xmlChar *system,
                const xmlChar *notation)
{
    refuse_doctype(data, name, public_id, system);
}

static void
refuse_reference(void *data, const xmlChar *name)
{
    refuse_doctype(data, name, NULL, NULL);
}

/* In a document type that is passed over there is nothing to put them in: libxml2 would lose them.
 */
static void
refuse_comment_in_doctype(void *data, const xmlChar *text)
{
    if (((const xmlParserCtxt *)data)->inSubset != 0)
        refuse_doctype(data, text, NULL, NULL);
    else
        xmlSAX2Comment(data, text);
}

static void
refuse_instruction_in_doctype(void *data, const xmlChar *target, const xmlChar *text)
{
    if (((const xmlParserCtxt *)data)->inSubset != 0)
        refuse_doctype(data, target, NULL, NULL);
    else
        xmlSAX2ProcessingInstruction(data, target, text);
}

static void
accept_bare_doctype(xmlSAXHandler *sax)
{
    sax->internalSubset = ignore_doctype;
    sax->externalSubset = NULL;
    sax->entityDecl = refuse_entity;
    sax->attributeDecl = refuse_attribute;
    sax->elementDecl = refuse_element;
    sax->notationDecl = refuse_doctype;
    sax->unparsedEntityDecl = refuse_unparsed;
    sax->reference = refuse_reference;
    sax->comment = refuse_comment_in_doctype;
    sax->processingInstruction = refuse_instruction_in_doctype;
}

static xmlDoc *
parse_error(xmlParserCtxt *ctxt, const char *what, GError **error)
{
    const xmlError *last = xmlCtxtGetLastError(ctxt);
    g_autofree char *cause = NULL;

    if (ctxt->_private != NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot parse '%s': a document type is not allowed", what);
        return NULL;
    }
    if (last == NULL || last->message == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot parse '%s': not XML", what);
        return NULL;
    }
    cause = g_strstrip(g_utf8_make_valid(last->message, -1));
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot parse '%s': line %d: %s", what,
                last->line, cause);
    return NULL;
}

/* The node after node in document order, children first; depth follows it. NULL at the end. */
static xmlNode *
walk(xmlNode *node, size_t *depth)
{
    if (node->type == XML_ELEMENT_NODE && node->children != NULL) {
        (*depth)++;
        return node->children;
    }
    while (node->next == NULL && *depth > 1) {
        node = node->parent;
        (*depth)--;
    }
    return node->next;
}

static bool
check_depth(xmlDoc *doc, const char *what, GError **error)
{
    size_t depth = 1;

    for (xmlNode *node = doc->children; node != NULL; node = walk(node, &depth)) {
        if (depth > MVM_XML_MAX_DEPTH) {
            g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                        "cannot parse '%s': elements are nested more than %d deep", what,
                        MVM_XML_MAX_DEPTH);
            return false;
        }
    }
    return true;
}

/* Drops whitespace between elements, and nothing from an element that holds only text. */
static void
strip_blanks(xmlNode *node)
{
    bool only_text = true;
    xmlNode *next = NULL;

    for (xmlNode *child = node->children; child != NULL; child = child->next) {
        if (child->type != XML_TEXT_NODE)
            only_text = false;
        if (child->type == XML_ELEMENT_NODE)
            strip_blanks(child);
    }
    for (xmlNode *child = node->children; child != NULL && !only_text; child = next) {
        next = child->next;
        if (xmlIsBlankNode(child))
            mvm_xml_drop(child);
    }
}

static xmlDoc *
parse(const char *text, size_t len, const char *what, bool plist, GError **error)
{
    g_autoptr(xmlParserCtxt) ctxt = NULL;
    g_autoptr(xmlDoc) doc = NULL;
    size_t max = plist ? MVM_XML_PLIST_MAX_SIZE : MVM_XML_MAX_SIZE;

    if (len > max) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot parse '%s': more than %zu bytes",
                    what, max);
        return NULL;
    }
    init_libxml2();
    ctxt = xmlNewParserCtxt();
    if (ctxt == NULL)
        g_error("libxml2 is out of memory");
    if (plist)
        accept_bare_doctype(ctxt->sax);
    else
        ctxt->sax->internalSubset = refuse_doctype;
    /* Never another encoding: conversions are a large surface, and report errors on stderr. */
    doc = xmlCtxtReadMemory(ctxt, text, (int)len, NULL, "UTF-8",
                            XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                XML_PARSE_NOCDATA | XML_PARSE_IGNORE_ENC);
    if (doc == NULL || ctxt->_private != NULL || !ctxt->wellFormed || !ctxt->nsWellFormed ||
        xmlDocGetRootElement(doc) == NULL)
        return parse_error(ctxt, what, error);
    if (!check_depth(doc, what, error))
        return NULL;
    strip_blanks(xmlDocGetRootElement(doc));
    return g_steal_pointer(&doc);
}

xmlDoc *
mvm_xml_parse(const char *text, size_t len, const char *what, GError **error)
{
    return parse(text, len, what, false, error);
}

xmlDoc *
mvm_xml_parse_plist(const char *text, size_t len, const char *what, GError **error)
{
    return parse(text, len, what, true, error);
}

xmlDoc *
mvm_xml_parse_file(const char *path, GError **error)
{
    size_t len = 0;
    g_autofree char *text = mvm_file_read(path, MVM_XML_MAX_SIZE, &len, error);

    return text == NULL ? NULL : mvm_xml_parse(text, len, path, error);
}

xmlDoc *
mvm_xml_new(const char *root)
{
    xmlDoc *doc = NULL;
    xmlNode *node = NULL;

    init_libxml2();
    doc = xmlNewDoc((const xmlChar *)"1.0");
    node = doc == NULL ? NULL : xmlNewDocNode(doc, NULL, (const xmlChar *)root, NULL);
    if (node == NULL)
        g_error("libxml2 is out of memory");
    xmlDocSetRootElement(doc, node);
    return doc;
}

xmlDoc *
mvm_xml_copy(const xmlDoc *doc)
{
    xmlDoc *copy = xmlCopyDoc((xmlDoc *)doc, 1);

    if (copy == NULL)
        g_error("libxml2 is out of memory");
    return copy;
}

char *
mvm_xml_to_text(const xmlDoc *doc)
{
    g_autoptr(xmlBuffer) buffer = xmlBufferCreate();
    xmlSaveCtxt *save = buffer == NULL
                            ? NULL
                            : xmlSaveToBuffer(buffer, "UTF-8", XML_SAVE_FORMAT | XML_SAVE_NO_DECL);

    if (save == NULL || xmlSaveDoc(save, (xmlDoc *)doc) < 0 || xmlSaveClose(save) < 0)
        g_error("libxml2 is out of memory");
    return g_strdup((const char *)xmlBufferContent(buffer));
}

char *
mvm_xml_node_to_text(const xmlNode *node)
{
    g_autoptr(xmlDoc) doc = xmlNewDoc((const xmlChar *)"1.0");
    xmlNode *copy = doc == NULL ? NULL : xmlDocCopyNode((xmlNode *)node, doc, 1);

    if (copy == NULL)
        g_error("libxml2 is out of memory");
    xmlDocSetRootElement(doc, copy);
    return mvm_xml_to_text(doc);
}

xmlNode *
mvm_xml_element(xmlNode *node)
{
    while (node != NULL && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

static const char *
ns_uri(const xmlNs *ns)
{
    return ns == NULL ? NULL : (const char *)ns->href;
}

bool
mvm_xml_is(const xmlNode *node, const char *name)
{
    const char *local = NULL;
    const char *uri = mvm_xml_split_name(name, &local);

    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, local) == 0 &&
           g_strcmp0(ns_uri(node->ns), uri) == 0;
}

char *
mvm_xml_dup_text(const xmlNode *node)
{
    GString *text = g_string_new(NULL);

    for (const xmlNode *child = node->children; child != NULL; child = child->next) {
        if ((child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) &&
            child->content != NULL)
            g_string_append(text, (const char *)child->content);
    }
    return g_strstrip(g_string_free(text, FALSE));
}

/* Whether b has every attribute of a with its value. */
static bool
has_attributes(const xmlNode *a, const xmlNode *b)
{
    for (xmlAttr *attr = a->properties; attr != NULL; attr = attr->next) {
        const xmlChar *uri = attr->ns == NULL ? NULL : attr->ns->href;
        g_autoptr(xmlChar) left = xmlNodeGetContent((xmlNode *)attr);
        g_autoptr(xmlChar) right = uri == NULL ? xmlGetNoNsProp((xmlNode *)b, attr->name)
                                               : xmlGetNsProp((xmlNode *)b, attr->name, uri);

        if (right == NULL || !xmlStrEqual(left, right))
            return false;
    }
    return true;
}

bool
mvm_xml_equal(const xmlNode *a, const xmlNode *b)
{
    g_autofree char *text_a = mvm_xml_dup_text(a);
    g_autofree char *text_b = mvm_xml_dup_text(b);
    xmlNode *child_a = mvm_xml_element(a->children);
    xmlNode *child_b = mvm_xml_element(b->children);

    if (!xmlStrEqual(a->name, b->name) || g_strcmp0(ns_uri(a->ns), ns_uri(b->ns)) != 0 ||
        strcmp(text_a, text_b) != 0 || !has_attributes(a, b) || !has_attributes(b, a))
        return false;
    while (child_a != NULL && child_b != NULL) {
        if (!mvm_xml_equal(child_a, child_b))
            return false;
        child_a = mvm_xml_element(child_a->next);
        child_b = mvm_xml_element(child_b->next);
    }
    return child_a == NULL && child_b == NULL;
}
