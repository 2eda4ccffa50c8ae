/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Merges any three documents. The input is base, live and new, with a byte 0x01 between them (an
 * empty base is none) and one before them that chooses the policy. Whatever they say, the result
 * must print and parse again, a stopped merge must leave live as it was, and merging the result
 * with what was just merged must change nothing.
 */
#include "xml/merge.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_result(xmlDoc *live, const MvmMergeResult *result)
{
    g_autofree char *text = mvm_xml_to_text(result->merged);
    g_autoptr(xmlDoc) again = mvm_xml_parse(text, strlen(text), "merged", NULL);

    /* A merge of two deep documents can be deeper than what the parser accepts. */
    if (again != NULL)
        g_assert_true(
            mvm_xml_equal(xmlDocGetRootElement(again), xmlDocGetRootElement(result->merged)));
    if (result->conflicts->len > 0)
        g_assert_true(
            mvm_xml_equal(xmlDocGetRootElement(live), xmlDocGetRootElement(result->merged)));
}

static void
check_again(const MvmMergeResult *result, xmlDoc *new)
{
    MvmMergeInput input = {new, result->merged, new, MVM_MERGE_STOP, NULL};
    g_autoptr(MvmMergeResult) again = mvm_merge(&input);

    g_assert_cmpuint(again->conflicts->len, ==, 0);
    g_assert_false(again->changed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = size == 0 ? NULL : g_strndup((const char *)data + 1, size - 1);
    g_auto(GStrv) parts = text == NULL ? NULL : g_strsplit(text, "\x01", 3);
    g_autoptr(xmlDoc) base = NULL;
    g_autoptr(xmlDoc) live = NULL;
    g_autoptr(xmlDoc) new = NULL;
    g_autoptr(MvmMergeResult) result = NULL;
    MvmMergeInput input = {0};

    if (parts == NULL || g_strv_length(parts) != 3)
        return 0;
    base = mvm_xml_parse(parts[0], strlen(parts[0]), "base", NULL);
    live = mvm_xml_parse(parts[1], strlen(parts[1]), "live", NULL);
    new = mvm_xml_parse(parts[2], strlen(parts[2]), "new", NULL);
    if (live == NULL || new == NULL ||
        !xmlStrEqual(xmlDocGetRootElement(live)->name, xmlDocGetRootElement(new)->name))
        return 0;
    input = (MvmMergeInput){base, live, new, (MvmMergePolicy)(data[0] % 3), NULL};
    result = mvm_merge(&input);
    check_result(live, result);
    if (result->conflicts->len == 0)
        check_again(result, new);
    return 0;
}
