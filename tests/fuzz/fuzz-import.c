/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a boot script, a quickemu configuration or a domain, to each of the three readers:
 * what is read is within bounds, text for people is UTF-8 without anything that a terminal obeys,
 * and nothing is read without a disk. */
#include "import/source.h"
#include "util/words.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(MvmImportSource *read, GError *cause)
{
    g_autoptr(MvmImportSource) source = read;
    g_autoptr(GError) error = cause;

    g_assert_true((source == NULL) == (error != NULL));
    if (source == NULL)
        return;
    g_assert_nonnull(source->image[MVM_IMPORT_SYSTEM]);
    g_assert_cmpuint(source->left->len, <=, MVM_IMPORT_MAX_LEFT);
    for (guint i = 0; i < source->left->len; i++) {
        const char *line = source->left->pdata[i];

        g_assert_true(g_utf8_validate(line, -1, NULL));
        g_assert_cmpuint(strlen(line), <=, MVM_IMPORT_MAX_LINE + 100);
        for (; *line != '\0'; line = g_utf8_next_char(line))
            g_assert_false(mvm_char_is_hidden(g_utf8_get_char(line)));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *copy = g_memdup2(data, size);
    const char *text = size > 0 ? copy : "";
    GError *error = NULL;
    MvmImportSource *source = mvm_import_read(text, size, "/dir", "input", &error);

    check(source, error);
    error = NULL;
    source = mvm_import_read_script(text, size, "/dir", "input", &error);
    check(source, error);
    error = NULL;
    source = mvm_import_read_quickemu(text, size, "/dir", "input", &error);
    check(source, error);
    return 0;
}
