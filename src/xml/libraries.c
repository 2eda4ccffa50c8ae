/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/libraries.h"

#include <libxml/parser.h>

void
mvm_xml_libraries(GPtrArray *libraries)
{
    /* major * 10,000 + minor * 100 + micro, perhaps with a word behind it */
    guint64 number = g_ascii_strtoull(xmlParserVersion, NULL, 10);
    g_autofree char *running =
        g_strdup_printf("%u.%u.%u", (unsigned)(number / 10000), (unsigned)(number / 100 % 100),
                        (unsigned)(number % 100));

    mvm_libraries_add(libraries, "libxml2", LIBXML_DOTTED_VERSION, running);
}
