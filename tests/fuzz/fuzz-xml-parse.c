/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What parses can be printed, parses again and says the same. A document without a
 * document type is the same to the parser of property lists. */
#include "xml/xml.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(xmlDoc) doc = mvm_xml_parse((const char *)data, size, "input", &error);
    g_autoptr(xmlDoc) plist = mvm_xml_parse_plist((const char *)data, size, "input", NULL);
    g_autoptr(xmlDoc) again = NULL;
    g_autofree char *text = NULL;

    g_assert_true((doc == NULL) == (error != NULL));
    if (doc == NULL)
        return 0;
    g_assert_nonnull(plist);
    g_assert_true(mvm_xml_equal(xmlDocGetRootElement(doc), xmlDocGetRootElement(plist)));
    text = mvm_xml_to_text(doc);
    again = mvm_xml_parse(text, strlen(text), "printed", NULL);
    g_assert_nonnull(again);
    g_assert_true(mvm_xml_equal(xmlDocGetRootElement(doc), xmlDocGetRootElement(again)));
    return 0;
}
