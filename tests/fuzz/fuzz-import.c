/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a boot script, a quickemu configuration or a domain: what is read is within bounds,
 * text for people is UTF-8 without control characters, and nothing is read without a disk. */
#include "import/source.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_memdup2(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(MvmImportSource) source =
        mvm_import_read(size > 0 ? text : "", size, "/dir", "input", &error);

    g_assert_true((source == NULL) == (error != NULL));
    if (source == NULL)
        return 0;
    g_assert_nonnull(source->image[MVM_IMPORT_SYSTEM]);
    g_assert_cmpuint(source->left->len, <=, MVM_IMPORT_MAX_LEFT);
    for (guint i = 0; i < source->left->len; i++) {
        const char *line = source->left->pdata[i];

        g_assert_true(g_utf8_validate(line, -1, NULL));
        for (; *line != '\0'; line++)
            g_assert_false(g_ascii_iscntrl(*line));
    }
    return 0;
}
