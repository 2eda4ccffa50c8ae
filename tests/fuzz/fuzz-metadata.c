/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What any client of libvirt can put where macvm looks for its own: whatever is read can be
 * written, and reads the same then. */
#include "virt/metadata.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(MvmMetadata) first = mvm_metadata_parse(text, "fuzz", NULL);
    g_autoptr(MvmMetadata) second = NULL;
    g_autofree char *once = NULL, *twice = NULL;

    if (first == NULL)
        return 0;
    once = mvm_metadata_to_text(first);
    second = mvm_metadata_parse(once, "fuzz", NULL);
    g_assert_nonnull(second);
    twice = mvm_metadata_to_text(second);
    g_assert_cmpstr(once, ==, twice);
    return 0;
}
